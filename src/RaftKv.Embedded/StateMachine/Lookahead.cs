using RaftKv.Embedded.Records;

namespace RaftKv.Embedded.StateMachine;

/// <summary>
/// Prefetches the records of keys that are read next, all at once, instead of waiting for memory at each. Applier thread only.
/// </summary>
internal sealed class Lookahead(IKvStore store)
{
    /// <summary>The most keys that are prefetched at once: more records would evict each other from the processor's L1 cache.</summary>
    private const int MaxKeys = 64;

    private readonly long[] _places = new long[MaxKeys];
    private int _count;

    public void Add(ReadOnlySpan<byte> key)
    {
        if (_count == MaxKeys)
            Fetch();
        _places[_count++] = store.PrefetchPlace(key);
    }

    /// <summary>Prefetches the records of the added keys. Called after the last key.</summary>
    public void Fetch()
    {
        foreach (var place in _places.AsSpan(0, _count))
            store.PrefetchRecord(place);
        _count = 0;
    }
}
