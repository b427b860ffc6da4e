using RaftKv.Embedded.Records;

namespace RaftKv.Embedded.StateMachine;

/// <summary>
/// Keys that will be asked for next, whose records the store brings from memory all at once, instead of waiting for memory at each. Apply
/// thread.
/// </summary>
internal sealed class Lookahead(IKvStore store)
{
    /// <summary>More would push each other out of the processor's nearest cache.</summary>
    private const int MaxKeys = 64;

    private readonly long[] _places = new long[MaxKeys];
    private int _count;

    public void Add(ReadOnlySpan<byte> key)
    {
        if (_count == MaxKeys)
            Fetch();
        _places[_count++] = store.PrefetchPlace(key);
    }

    /// <summary>After the last key.</summary>
    public void Fetch()
    {
        foreach (var place in _places.AsSpan(0, _count))
            store.PrefetchRecord(place);
        _count = 0;
    }
}
