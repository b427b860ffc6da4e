using System.Collections.Concurrent;
using RaftKv.Embedded.Primitives;
using RaftKv.Embedded.Records;
using RaftKv.Embedded.Storage;

namespace RaftKv.Embedded.Testing;

/// <summary>Records in a dictionary, and their keys in the product's ordered index.</summary>
internal sealed class InMemoryKvStore : IKvStore
{
    private readonly ConcurrentDictionary<byte[], Record> _records = new(KeyBytesComparer.Instance);
    private readonly ConcurrentDictionary<byte[], Record>.AlternateLookup<ReadOnlySpan<byte>> _find;
    private readonly KeyIndex _keys = new();

    public InMemoryKvStore() => _find = _records.GetAlternateLookup<ReadOnlySpan<byte>>();

    public long Count => _keys.Count;

    public long KeyIndexBytes => _keys.MemoryBytes;

    public bool TryGetHeader(ReadOnlySpan<byte> key, out RecordHeader header)
    {
        var found = _find.TryGetValue(key, out var record);
        header = found ? record!.Header : default;
        return found;
    }

    public void Put(ReadOnlySpan<byte> key, in RecordHeader header, ReadOnlySpan<byte> value, bool replaces = false)
    {
        _find[key] = new Record(header, value.ToArray());
        if (!replaces)
            _keys.Add(key);
    }

    public bool Remove(ReadOnlySpan<byte> key)
    {
        _keys.Remove(key);
        return _find.TryRemove(key, out _);
    }

    public bool Visit(ReadOnlySpan<byte> key, RecordVisit visit)
    {
        if (!_find.TryGetValue(key, out var record))
            return false;
        visit.Invoke(record.Header, record.Value);
        return true;
    }

    public int CopyKeys(ReadOnlySpan<byte> from, bool after, ReadOnlySpan<byte> to, int max, List<byte[]> keys) =>
        _keys.CopyKeys(from, after, to, max, keys);

    public int CopyKeysDescending(ReadOnlySpan<byte> from, ReadOnlySpan<byte> before, int max, List<byte[]> keys) =>
        _keys.CopyKeysDescending(from, before, max, keys);

    public IStoreCheckpoint Checkpoint(long version) => new RecordsCheckpoint([.. _records]);

    public void Dispose()
    {
    }

    /// <summary>Immutable: a reader sees a whole write or none.</summary>
    private sealed record Record(RecordHeader Header, byte[] Value);

    private sealed class RecordsCheckpoint(KeyValuePair<byte[], Record>[] records) : IStoreCheckpoint
    {
        public void Visit(CheckpointVisitor visit, CancellationToken cancellationToken)
        {
            foreach (var (key, record) in records)
            {
                cancellationToken.ThrowIfCancellationRequested();
                visit(key, record.Header, record.Value, deleted: false);
            }
        }

        public void Dispose()
        {
        }
    }
}
