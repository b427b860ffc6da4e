using RaftKv.Embedded.Records;

namespace RaftKv.Embedded.Tests.StateMachine;

/// <summary>The simplest implementation of a store, which others are compared with.</summary>
internal sealed class DictionaryKvStore : IKvStore
{
    private readonly SortedDictionary<byte[], (RecordHeader Header, byte[] Value)> _records = new(Comparer<byte[]>.Create((a, b) => a.AsSpan().SequenceCompareTo(b)));

    /// <summary>Whether the disk has room for cold records.</summary>
    public Func<bool> HasRoom { get; init; } = static () => true;

    /// <summary>The number of calls of <see cref="Visit"/>.</summary>
    public int Visits { get; private set; }

    public long Count => _records.Count;

    public bool HasRoomFor(int bytes) => HasRoom();

    public bool TryGetHeader(ReadOnlySpan<byte> key, out RecordHeader header)
    {
        var found = _records.TryGetValue(key.ToArray(), out var record);
        header = record.Header;
        return found;
    }

    public void Put(ReadOnlySpan<byte> key, in RecordHeader header, ReadOnlySpan<byte> value, bool replaces = false) => _records[key.ToArray()] = (header, value.ToArray());

    public bool Remove(ReadOnlySpan<byte> key) => _records.Remove(key.ToArray());

    public bool Visit(ReadOnlySpan<byte> key, RecordVisit visit)
    {
        Visits++;
        if (!_records.TryGetValue(key.ToArray(), out var record))
            return false;
        visit.Invoke(record.Header, record.Value);
        return true;
    }

    public int CopyKeys(ReadOnlySpan<byte> from, bool after, ReadOnlySpan<byte> to, int max, List<byte[]> keys)
    {
        var copied = 0;
        foreach (var key in _records.Keys)
        {
            var order = key.AsSpan().SequenceCompareTo(from);
            if (order < 0 || (order == 0 && after) || (!to.IsEmpty && key.AsSpan().SequenceCompareTo(to) >= 0) || copied == max)
                continue;
            keys.Add(key);
            copied++;
        }
        return copied;
    }

    public IStoreCheckpoint Checkpoint(long version) => new CopiedCheckpoint(_records.ToList());

    public void Dispose() { }

    private sealed class CopiedCheckpoint(List<KeyValuePair<byte[], (RecordHeader Header, byte[] Value)>> records) : IStoreCheckpoint
    {
        public void Visit(CheckpointVisitor visit, CancellationToken cancellationToken)
        {
            foreach (var (key, record) in records)
                visit(key, record.Header, record.Value, deleted: false);
        }

        public void Dispose() { }
    }
}
