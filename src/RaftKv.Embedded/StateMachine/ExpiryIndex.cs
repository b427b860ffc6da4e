using RaftKv.Embedded.Records;

namespace RaftKv.Embedded.StateMachine;

/// <summary>The keys that expire, by when. Holds what the records say, so it is not part of the snapshot but made from it.</summary>
internal sealed class ExpiryIndex
{
    private readonly SortedSet<(long At, byte[] Key)> _keys = new(KeyOrder.Instance);

    public int Count => _keys.Count;

    /// <summary>When the first one is due, in log time.</summary>
    public long FirstMs => _keys.Count == 0 ? long.MaxValue : _keys.Min.At;

    public void Add(long atMs, byte[] key) => _keys.Add((atMs, key));

    public void Remove(long atMs, byte[] key) => _keys.Remove((atMs, key));

    /// <summary>Those that are due, the longest overdue first.</summary>
    public IEnumerable<byte[]> Due(long nowMs)
    {
        foreach (var (at, key) in _keys)
        {
            if (at > nowMs)
                yield break;
            yield return key;
        }
    }
}
