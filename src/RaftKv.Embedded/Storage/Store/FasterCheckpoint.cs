using FASTER.core;
using RaftKv.Embedded.Records;

namespace RaftKv.Embedded.Storage;

/// <summary>The records of a <see cref="FasterKvStore"/> as of one moment.</summary>
/// <param name="version">Records that had a successor then are left out; 0: they are not looked for.</param>
internal sealed unsafe class FasterCheckpoint(
    FasterKvStore store, FasterKV<SpanByte, SpanByte> kv, FasterScratchDevice device, long begin, long end, long version) : IStoreCheckpoint
{
    private readonly Lock _visiting = new();
    private readonly DeletedKeys _deleted = new();
    private volatile bool _stopped;

    /// <summary>In the log's order, so the last record about a key is its state.</summary>
    public void Visit(CheckpointVisitor visit, CancellationToken cancellationToken)
    {
        lock (_visiting)
        {
            ObjectDisposedException.ThrowIf(_stopped, this);
            using var scan = kv.Log.Scan(begin, end);
            while (scan.GetNext(out var record))
            {
                cancellationToken.ThrowIfCancellationRequested();
                ObjectDisposedException.ThrowIf(_stopped, this);
                var key = scan.GetKey().AsReadOnlySpan();
                var header = default(RecordHeader);
                var value = record.Tombstone ? default : FasterRecord.Read(scan.GetValue().ToPointer(), out header);
                if (!HadSuccessor(key, header))
                    visit(key, header, value, record.Tombstone);
            }
            device.ThrowIfFaulted();
        }
    }

    /// <summary>Writer only, before a key is deleted.</summary>
    public void Deleting(ReadOnlySpan<byte> key) => _deleted.Add(key);

    /// <summary>
    /// Whether the record was dead at the checkpoint already: a newer one was there, or the key was deleted. What has come since hides
    /// that, and the record is visited: it may be the key's last one here. A deletion is visited with what was put before it, and left out
    /// with it.
    /// </summary>
    private bool HadSuccessor(ReadOnlySpan<byte> key, in RecordHeader header)
    {
        if (version == 0)
            return false;
        return store.TryRead(key, 0, static (in RecordHeader now, ReadOnlySpan<byte> _, int _) => now.Version, out var current)
            ? current > header.Version && current <= version
            // A key is noted before it is deleted: one that is missing and not noted was missing at the checkpoint.
            : _deleted.IsWithout(key);
    }

    public void Stop()
    {
        _stopped = true;
        lock (_visiting)
            store.Unpin();
    }

    public void Dispose()
    {
        if (!_stopped)
            Stop();
    }
}
