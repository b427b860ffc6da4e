using RaftKv.Embedded.Records;

namespace RaftKv.Embedded.StateMachine;

/// <summary>
/// The keys that expire, ordered by time. It follows from the records, so it is not part of a snapshot, but rebuilt from its records.
/// </summary>
internal sealed class ExpiryIndex
{
    private readonly SortedSet<(long At, byte[] Key)> _keys = new(KeyOrder.Instance);

    public int Count => _keys.Count;

    /// <summary>The log time at which the first key is due; <see cref="long.MaxValue"/> if there is none.</summary>
    public long FirstMs => _keys.Count == 0 ? long.MaxValue : _keys.Min.At;

    public void Add(long atMs, byte[] key) => _keys.Add((atMs, key));

    public void Remove(long atMs, byte[] key) => _keys.Remove((atMs, key));

    /// <summary>The keys that are due, the longest overdue first.</summary>
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
