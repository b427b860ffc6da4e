using RaftKv.Embedded.Records;

namespace RaftKv.Embedded.Storage;

/// <summary>
/// A checkpoint of a store that holds little: its records were copied, so nothing has to be moved out of memory to a disk that has no room
/// for it. That is the case after most keys were deleted to make room: the snapshot of what is left lets the log be cut.
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

    /// <summary>Writer only. <c>null</c> when the store holds more than <see cref="MaxBytes"/>.</summary>
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
