using RaftKv.Embedded.StateMachine;

namespace RaftKv.Embedded.Storage;

/// <summary>Cuts: the records as of one moment.</summary>
internal sealed unsafe partial class FasterKvStore
{
    private volatile FasterCut? _cut;

    public IKvStoreCut Cut()
    {
        if (_cut is not null)
            throw new InvalidOperationException("A cut of this store is alive already.");
        _device.ThrowIfFaulted();
        // The pinned pages are flushed now rather than when they are cold.
        RequireSpace(ReservedBytes + Math.Min(_memoryBytes, LogBytes));
        EndMaintenance();
        // Everything below the tail becomes immutable: later writes append, so the log below stays as it is, wherever it moves.
        var end = _kv.Log.TailAddress;
        _kv.Log.ShiftReadOnlyAddress(end, wait: false);
        return _cut = new FasterCut(this, _kv.Log.BeginAddress, end);
    }

    private sealed class FasterCut(FasterKvStore store, long begin, long end) : IKvStoreCut
    {
        private readonly Lock _visiting = new();
        private volatile bool _stopped;

        /// <summary>In the log's order, so the last record about a key is its state.</summary>
        public void Visit(KvRecordVisitor visit, CancellationToken cancellationToken)
        {
            lock (_visiting)
            {
                ObjectDisposedException.ThrowIf(_stopped, this);
                using var scan = store._kv.Log.Scan(begin, end);
                while (scan.GetNext(out var record))
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    ObjectDisposedException.ThrowIf(_stopped, this);
                    var key = scan.GetKey().AsReadOnlySpan();
                    var header = default(RecordHeader);
                    var value = record.Tombstone ? default : FasterRecord.Read(scan.GetValue().ToPointer(), out header);
                    visit(key, header, value, record.Tombstone);
                }
                store._device.ThrowIfFaulted();
            }
        }

        public void Stop()
        {
            _stopped = true;
            lock (_visiting)
                store._cut = null;
        }

        public void Dispose()
        {
            if (!_stopped)
                Stop();
        }
    }
}
