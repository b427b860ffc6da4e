using RaftKv.Embedded.Records;

namespace RaftKv.Embedded.Storage;

/// <summary>
/// A checkpoint of a small store: a copy of its records, so that no record has to be moved from memory to a disk that has no room for it.
/// It is used after most keys were deleted to make room: a snapshot of the remaining records allows the log to be truncated.
/// </summary>
internal sealed class CopiedCheckpoint : IStoreCheckpoint
{
    /// <summary>A store with more bytes of keys and values is not copied.</summary>
    public const long MaxBytes = 8 * 1024 * 1024;

    private const int KeysAtOnce = 1_000;

    private readonly List<(byte[] Key, RecordHeader Header, byte[] Value)> _records = [];

    private CopiedCheckpoint()
    {
    }

    /// <summary>Copies the records of a store; <c>null</c> when it has more than <see cref="MaxBytes"/>. Writer only.</summary>
    public static CopiedCheckpoint? TryMake(IKvStore store)
    {
        var checkpoint = new CopiedCheckpoint();
        var keys = new List<byte[]>();
        var bytes = 0L;
        for (byte[]? last = null; ; last = keys[^1])
        {
            keys.Clear();
            if (store.CopyKeys(last, after: last is not null, to: default, KeysAtOnce, keys) == 0)
                return checkpoint;
            foreach (var key in keys)
            {
                var found = store.TryRead(key, MaxBytes - bytes, static (in RecordHeader header, ReadOnlySpan<byte> value, long left) =>
                    (Header: header, Value: value.Length <= left ? value.ToArray() : null), out var record);
                if (!found || record.Value is null || (bytes += key.Length + record.Value.Length) > MaxBytes)
                    return null;
                checkpoint._records.Add((key, record.Header, record.Value));
            }
        }
    }

    public void Visit(CheckpointVisitor visit, CancellationToken cancellationToken)
    {
        foreach (var (key, header, value) in _records)
        {
            cancellationToken.ThrowIfCancellationRequested();
            visit(key, header, value, deleted: false);
        }
    }

    public void Dispose() => _records.Clear();
}
