using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Diagnostics;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Records;
using RaftKv.Embedded.StateMachine;

namespace RaftKv.Embedded.Node;

internal sealed partial class Replica
{
    /// <summary>How long after a failed snapshot the next is tried.</summary>
    private static readonly long SnapshotRetry = TimeSpan.FromSeconds(30).Ticks;

    private const int FreeSpacePerFollowersLog = 4;

    /// <summary>Who waits for the next snapshot, and who for the one under way: it was begun after they asked, so it has all that they knew of.</summary>
    private readonly List<TaskCompletionSource<KvVersion>> _snapshotWaiters = [];
    private readonly List<TaskCompletionSource<KvVersion>> _snapshotServed = [];
    private InstallReceivedSnapshot? _deferredInstall;
    private long _nextSnapshot;
    private bool _checksSnapshot;

    /// <summary>Snapshot thread. The snapshot for which there was no room, so that the log says so once.</summary>
    private EntryId _noRoomFor;

    /// <summary>The entry of the older snapshot; the disk has the log behind it, so that a damaged newest snapshot can be done without.</summary>
    private long _fallback;

    /// <summary>Taking and installing exclude each other: an install replaces the store that a snapshot reads.</summary>
    private volatile bool _snapshotBusy;

    private void OnSnapshotWanted(SnapshotWanted wanted)
    {
        if (_context.Core is null)
        {
            wanted.Done.TrySetException(Errors.NotFormed(_context.Dependencies.Bootstrap?.WaitsFor));
            return;
        }
        _snapshotWaiters.Add(wanted.Done);
        _nextSnapshot = _context.Now.Ticks;
        ConsiderSnapshot();
    }

    private void ConsiderSnapshot()
    {
        if (_context.Core is null || _snapshotBusy)
            return;
        // The core stands still until it is installed, whatever became of the snapshot it had to wait for.
        if (_deferredInstall is { } install)
        {
            _deferredInstall = null;
            Install(install);
            return;
        }
        if (_context.Now.Ticks < _nextSnapshot)
            return;
        // What a quarantined node has is nothing to start from, and it needs its log.
        if (_quarantine.IsActive)
            return;
        var due = _context.Applier.AppliedIndex > _context.Core.SnapshotIndex && _context.Wal.BytesSince(_context.Core.SnapshotIndex) > LogBytesPerSnapshot;
        if (!due && _snapshotWaiters.Count == 0)
            return;
        _snapshotBusy = true;
        _snapshotServed.AddRange(_snapshotWaiters);
        _snapshotWaiters.Clear();
        _context.Applier.Submit(new CaptureState(
            capture => _context.Dependencies.Snapshotter.Post(() => WriteSnapshot(capture)),
            error => _context.Post(new SnapshotFinished(default, ClusterConfiguration.Empty, 0, error))));
    }

    /// <summary>
    /// A snapshot is all of the data: with much of it, one per so many bytes of log would write many times what the callers write. And the members are not to write theirs all at once: each but the first waits for
    /// a little more.
    /// </summary>
    private long LogBytesPerSnapshot
    {
        get
        {
            var bytes = Math.Max(_context.Options.SnapshotThresholdBytes, _context.Snapshots.NewestBytes);
            var members = _context.Core!.Configuration.Members;
            var before = members.Count(m => string.CompareOrdinal(m.NodeId, _context.NodeId) < 0);
            return bytes + (before == 0 ? 0 : bytes / 4 * before / members.Count);
        }
    }

    /// <summary>
    /// The log that followers in contact still need is kept up to a quarter of the space that the disk has above its reserve; a segment of it while the disk is low, so that a follower that is
    /// a few entries behind needs no snapshot; none on a full disk.
    /// </summary>
    private long LogBytesForFollowers => _disk switch
    {
        { IsFull: true } => 0,
        { IsLow: true } => _context.Dependencies.Disk!.SegmentBytes,
        { Room: long.MaxValue } => _context.Options.LogRetentionBytes,
        _ => Math.Max(_context.Options.LogRetentionBytes, _disk.Room / FreeSpacePerFollowersLog),
    };

    /// <summary>Snapshot thread.</summary>
    private void WriteSnapshot(KvSnapshot capture)
    {
        Exception? error = null;
        var fallback = 0L;
        try
        {
            using (capture)
                _context.Snapshots.Write(_context.Identity.ClusterId, capture, _context.Dependencies.Ending);
            fallback = _context.Snapshots.FallbackIndex;
        }
        catch (Exception e) when (e is RaftKvStorageException or OperationCanceledException)
        {
            // The log is kept, so nothing is lost; a disk that is really broken fails the log next.
            error = e;
        }
        _context.Post(new SnapshotFinished(capture.State.Last, capture.State.Configuration, capture.State.ConfigurationIndex, error) { Fallback = fallback });
    }

    private void OnSnapshotFinished(SnapshotFinished finished)
    {
        _snapshotBusy = false;
        NoteRelief(finished.Error is null);
        _context.Dependencies.Telemetry?.TookSnapshot(finished.Error is null);
        if (finished.Error is { } error)
        {
            _nextSnapshot = _context.Now.Ticks + SnapshotRetry;
            // Whoever came meanwhile is not to wait for that.
            _snapshotServed.AddRange(_snapshotWaiters);
            _snapshotWaiters.Clear();
            _context.Log.SnapshotFailed(_context.NodeId, finished.Last.Index, error.Message);
        }
        else
        {
            _fallback = finished.Fallback;
            _context.Log.SnapshotTaken(_context.NodeId, finished.Last.Index, finished.Last.Term);
            var keepFrom = Math.Min(finished.Last.Index + 1, _context.Wal.FirstIndexKeepingBytes(_isDiskLow ? 0 : _context.Options.LogRetentionBytes, finished.Last.Index));
            var keepFromForPeers = Math.Min(keepFrom, _context.Wal.FirstIndexKeepingBytes(LogBytesForFollowers, finished.Last.Index));
            _context.Step(new SnapshotTaken(_context.Now, finished.Last, finished.Configuration, finished.ConfigurationIndex, keepFrom, keepFromForPeers));
        }
        // Whoever waits for the snapshot finds it in the status.
        _publisher.Publish();
        foreach (var waiter in _snapshotServed)
        {
            if (finished.Error is null)
                waiter.TrySetResult(new KvVersion(finished.Last.Index));
            else
                waiter.TrySetException(finished.Error);
        }
        _snapshotServed.Clear();
    }

    /// <summary>
    /// Lets segments of the log go. The core needs the log from an entry on; the disk keeps it from the older snapshot on, which is no fallback without it. On a disk that is low on room the fallback is given
    /// up.
    /// </summary>
    private void DropLog(TruncatePrefix truncate)
    {
        var first = _isDiskLow ? truncate.First : Math.Min(truncate.First, _fallback + 1);
        _submissions.DropPrefix(first);
    }

    /// <summary>The disk is low on room: what it keeps of the log for the older snapshot alone goes at once, also when no snapshot is due.</summary>
    private void GiveUpFallback()
    {
        if (_context.Core is not null)
            _submissions.DropPrefix(_context.Core.FirstIndex);
    }

    private void LoadEntries(ReadEntries read)
    {
        var durable = _context.Core!.DurableIndex;
        _context.Dependencies.Reader.Post(() =>
        {
            var entries = new List<LogEntry>();
            _context.Wal.Read(read.From, durable, read.MaxBytes, entries);
            ReadOnlyMemory<LogEntry> found = entries.ToArray();
            _context.Post(new CoreAnswer(now => new EntriesRead(now, read.Peer, read.From, found)));
        });
    }

    private void LoadChunk(ReadSnapshotChunk read) => _context.Dependencies.Reader.Post(() =>
    {
        var last = read.Offset > 0 ? read.Last : _context.Snapshots.List() is [var newest, ..] ? newest.Last : default;
        var buffer = new byte[read.MaxBytes];
        var count = _context.Snapshots.ReadChunk(last, read.Offset, buffer, out var total);
        ReadOnlyMemory<byte> data = buffer.AsMemory(0, count);
        _context.Post(new CoreAnswer(now => new SnapshotChunkRead(now, read.Peer, last, total, read.Offset, data)));
    });

    private void CheckSent(EntryId last)
    {
        if (_checksSnapshot)
            return;
        _checksSnapshot = true;
        _context.Dependencies.Snapshotter.Post(() => _context.Post(new SnapshotChecked(_context.Snapshots.SetAsideIfDamaged(last))));
    }

    /// <summary>The state is whole, and so is what is taken of it now.</summary>
    private void OnSnapshotChecked(SnapshotChecked result)
    {
        _checksSnapshot = false;
        if (result.Damage is not { } damage)
            return;
        _context.Log.SnapshotSetAside(damage.Message);
        OnSnapshotWanted(new SnapshotWanted(new TaskCompletionSource<KvVersion>()));
    }

    private void StoreChunk(WriteSnapshotChunk chunk)
    {
        _installPieceAt = _context.Now.Ticks;
        _context.Dependencies.Snapshotter.Post(() => StoreReceived(chunk));
    }

    /// <summary>Snapshot thread.</summary>
    private void StoreReceived(WriteSnapshotChunk chunk)
    {
        long next;
        try
        {
            _context.Snapshots.BeginReceive(chunk.Last, chunk.TotalBytes);
            next = _context.Snapshots.WriteChunk(chunk.Last, chunk.Offset, chunk.Data.Span);
        }
        catch (RaftKvStorageException e) when (e.Error == RaftKvStorageError.DiskFull)
        {
            // What came so far takes the room that this node needs to help itself. The leader sends all of it again after a while; there may be room then.
            _context.Snapshots.AbandonReceive();
            if (_noRoomFor != chunk.Last)
                _context.Log.SnapshotFailed(_context.NodeId, chunk.Last.Index, e.Message);
            _noRoomFor = chunk.Last;
            next = -1;
        }
        _context.Post(new CoreAnswer(now => new SnapshotChunkWritten(now, chunk.From, chunk.Last, next)));
    }

    private void Install(InstallReceivedSnapshot install)
    {
        if (_snapshotBusy)
        {
            _deferredInstall = install;
            return;
        }
        _snapshotBusy = true;
        _context.Dependencies.Snapshotter.Post(() => LoadReceived(install));
    }

    /// <summary>Snapshot thread: loads a new state beside the old one and has the applier go over to it.</summary>
    private void LoadReceived(InstallReceivedSnapshot install)
    {
        KvStateMachine restored;
        try
        {
            restored = StartupRecovery.LoadReceived(_context.Snapshots, install.Last, _context.Identity.ClusterId, _context.Dependencies.Stores, _context.Dependencies.Ending);
        }
        catch (OperationCanceledException) when (_context.Dependencies.Ending.IsCancellationRequested)
        {
            return;
        }
        catch (Exception e) when (e is InvalidOperationException or RaftKvStorageException { Error: RaftKvStorageError.Damaged or RaftKvStorageError.DiskFull })
        {
            // Damaged, or another snapshot took its place on this disk meanwhile: the leader sends it again.
            _context.Log.SnapshotRefused(_context.NodeId, install.Last.Index, install.From, e.Message);
            _snapshotBusy = false;
            _context.Post(new CoreAnswer(now => new SnapshotInstalled(now, install.From, install.Last, false, null, 0, 0)));
            return;
        }
        var (configuration, configurationIndex, logTimeMs) = (restored.Configuration, restored.ConfigurationIndex, restored.LogTimeMs);
        _context.Applier.Submit(new SwapState(restored, () =>
        {
            _snapshotBusy = false;
            _context.Log.SnapshotInstalled(_context.NodeId, install.Last.Index, install.From);
            _context.Post(new CoreAnswer(now => new SnapshotInstalled(now, install.From, install.Last, true, configuration, configurationIndex, logTimeMs)));
        }));
    }
}
