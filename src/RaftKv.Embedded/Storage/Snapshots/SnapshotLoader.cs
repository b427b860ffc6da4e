using RaftKv.Embedded.Log;
using RaftKv.Embedded.Primitives;
using RaftKv.Embedded.Records;

namespace RaftKv.Embedded.Storage;

/// <summary>Reads the records of a snapshot into an empty store, and verifies everything.</summary>
internal sealed class SnapshotLoader(IKvStore store, string path)
{
    private readonly SortedSet<byte[]> _expiring = new(KeyOrder.Instance);

    // Not readonly: the struct is changed in place.
    private RecordSum _sum = new();
    private long _records;

    /// <summary>Loads all records. After an exception the store has only a part of them, and must be discarded.</summary>
    /// <exception cref="RaftKvStorageException"><see cref="RaftKvStorageError.Damaged"/>, or the disk has no room for the
    /// records.</exception>
    public SnapshotContent Load(EntryId last, SnapshotReader reader, CancellationToken cancellationToken)
    {
        Invariant.Holds(store.Count == 0, "a snapshot is loaded into an empty store");
        var content = reader.ReadAll(Add, cancellationToken);
        content.ThrowUnlessOf(last, path);
        if (store.Count != content.KeyCount)
            throw SnapshotContent.Damaged(path, $"it has {store.Count} keys instead of {content.KeyCount}");
        store.Loaded(_records);
        return content with { Expiring = _expiring, Sum = _sum };
    }

    private void Add(ReadOnlySpan<byte> key, in RecordHeader header, ReadOnlySpan<byte> value, bool deleted)
    {
        if (!store.HasRoomFor(key.Length + value.Length))
        {
            throw new RaftKvStorageException(RaftKvStorageError.DiskFull,
                $"The disk has too little room for the records of the snapshot '{path}' that do not fit in memory. Free some space.");
        }
        store.TryGetHeader(key, out var before);
        var record = deleted ? default : header with { ValueChecksum = RecordSum.Checksum(value) };
        _sum.Replace(key, before, record);
        if (deleted)
            store.Remove(key);
        else
            store.Put(key, record, value, replaces: before.Version != 0);
        if (header.HasLifetime)
            _expiring.Add(key.ToArray());
        _records++;
    }
}
