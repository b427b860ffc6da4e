using FASTER.core;
using RaftKv.Embedded.Records;

namespace RaftKv.Embedded.Storage;

/// <summary>The records of a <see cref="FasterKvStore"/> as of one moment.</summary>
/// <param name="version">
/// The version of the store at the checkpoint: records that were dead by then are looked for and left out. 0: all records are visited.
/// </param>
internal sealed unsafe class FasterCheckpoint(
    FasterKvStore store, FasterKV<SpanByte, SpanByte> kv, FasterScratchDevice device, long begin, long end, long version) : IStoreCheckpoint
{
    private readonly Lock _visiting = new();
    private readonly DeletedKeys _deleted = new();
    private volatile bool _stopped;

    /// <summary>Visits the records in the order of the log, so the last record of a key is its state.</summary>
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

    /// <summary>Notes that a key will be deleted. Called before the deletion; writer only.</summary>
    public void Deleting(ReadOnlySpan<byte> key) => _deleted.Add(key);

    /// <summary>
    /// Whether the record is known to have been dead at the checkpoint: the key had a newer record, or had been deleted. A later write or
    /// deletion of the key hides that; the record is then visited, because it may be the key's last one in the checkpoint. A deletion and
    /// the records of the key before it are all visited or all left out.
    /// </summary>
    private bool HadSuccessor(ReadOnlySpan<byte> key, in RecordHeader header)
    {
        if (version == 0)
            return false;
        return store.TryRead(key, 0, static (in RecordHeader now, ReadOnlySpan<byte> _, int _) => now.Version, out var current)
            ? current > header.Version && current <= version
            // A key is noted before it is deleted: a key that is missing and not noted was missing at the checkpoint.
            : _deleted.IsWithout(key);
    }

    /// <summary>Ends a visit at its next record, and waits for its end; <c>false</c> when it has not ended in time.</summary>
    public bool TryStop(TimeSpan timeout)
    {
        _stopped = true;
        if (!_visiting.TryEnter(timeout))
            return false;
        try
        {
            store.Unpin();
            return true;
        }
        finally
        {
            _visiting.Exit();
        }
    }

    public void Dispose()
    {
        if (!_stopped)
            TryStop(Timeout.InfiniteTimeSpan);
    }
}
