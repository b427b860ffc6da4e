using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Diagnostics;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Records;
using RaftKv.Embedded.StateMachine;

namespace RaftKv.Embedded.Node;

/// <summary>
/// Takes snapshots of this node's state, installs those that the leader sends, and drops the log that they cover. Holder of the turn,
/// unless a member says otherwise.
/// </summary>
internal sealed class SnapshotCoordinator(
    ReplicaContext context, QuarantineState quarantine, LogSubmissions submissions, DiskReserve disk, SnapshotExchange exchange,
    StatusPublisher status)
{
    /// <summary>How long after a failed snapshot the next is tried.</summary>
    private static readonly long RetryInterval = TimeSpan.FromSeconds(30).Ticks;

    /// <summary>
    /// How long after its last piece a snapshot that the leader sends goes before one that replaces a quarantined state: one is received at
    /// a time.
    /// </summary>
    private static readonly long InstallPriority = TimeSpan.FromSeconds(10).Ticks;

    private const int FreeSpacePerFollowersLog = 4;

    /// <summary>So large that no log reaches it, and so small that a multiple of it does not overflow.</summary>
    private const long LargestThreshold = 1L << 50;

    /// <summary>Callers that wait for the next snapshot.</summary>
    private readonly List<TaskCompletionSource<KvVersion>> _waiting = [];

    /// <summary>Callers that wait for the snapshot under way, which was begun after they asked.</summary>
    private readonly List<TaskCompletionSource<KvVersion>> _served = [];
    private InstallReceivedSnapshot? _deferredInstall;
    private long _nextSnapshot;
    private bool _isChecking;

    /// <summary>When a piece of a snapshot that the leader sends was received last, in ticks; 0 if none was.</summary>
    private long _installPieceAt;

    /// <summary>
    /// The last entry of the older snapshot. The disk keeps the log after it, so that the node can start even if the newest snapshot is
    /// damaged.
    /// </summary>
    private long _fallback;

    /// <summary>Taking and installing exclude each other: an install replaces the store that a snapshot reads.</summary>
    private volatile bool _isBusy;

    /// <summary>A snapshot is being taken or installed.</summary>
    public bool IsBusy => _isBusy;

    /// <summary>A snapshot that the leader sends is being received; it replaces the whole state.</summary>
    public bool IsBeingInstalled => _installPieceAt != 0 && context.Now.Ticks - _installPieceAt < InstallPriority;

    /// <summary>
    /// The most bytes that a snapshot could have: no more than the store, and no more than the last snapshot and what was written since.
    /// </summary>
    public long BytesAtMost(long dataBytes) =>
        context.Core is null ? 0 : Math.Min(dataBytes, context.Snapshots.NewestBytes + context.Wal.BytesSince(context.Core.SnapshotIndex));

    /// <summary>Takes a snapshot now, for the replica itself.</summary>
    public void Request() => Request(new SnapshotWanted(new TaskCompletionSource<KvVersion>()));

    public void Request(SnapshotWanted wanted)
    {
        if (context.Core is null)
        {
            wanted.Done.TrySetException(Errors.NotFormed(context.Ports.Bootstrap?.WaitsFor));
            return;
        }
        _waiting.Add(wanted.Done);
        _nextSnapshot = context.Now.Ticks;
        Sweep();
    }

    public void Sweep()
    {
        if (context.Core is null || _isBusy)
            return;
        // The core stands still until the snapshot is installed, so it goes first, also when the snapshot it had to wait for has failed.
        if (_deferredInstall is { } install)
        {
            _deferredInstall = null;
            Install(install);
            return;
        }
        if (context.Now.Ticks < _nextSnapshot)
            return;
        // A quarantined node's state is nothing to start from, and the node needs its log.
        if (quarantine.IsActive)
            return;
        var due = context.Applier.AppliedIndex > context.Core.SnapshotIndex
            && context.Wal.BytesSince(context.Core.SnapshotIndex) > LogBytesPerSnapshot;
        if (!due && _waiting.Count == 0)
            return;
        _isBusy = true;
        _served.AddRange(_waiting);
        _waiting.Clear();
        context.Applier.Submit(new CaptureState(
            capture => context.Parts.Snapshotter.Post(() => WriteSnapshot(capture)),
            error => context.Post(new SnapshotFinished(default, ClusterConfiguration.Empty, 0, error))));
    }

    /// <summary>
    /// A snapshot is all of the data: with much of it, one per so many bytes of log would write many times what the callers write. So the
    /// log must also reach the size of the newest snapshot. So that the members do not all write theirs at once, each but the first waits
    /// for a little more.
    /// </summary>
    private long LogBytesPerSnapshot
    {
        get
        {
            var bytes = Math.Min(Math.Max(context.Options.SnapshotThresholdBytes, context.Snapshots.NewestBytes), LargestThreshold);
            var members = context.Core!.Configuration.Members;
            var before = members.Count(m => string.CompareOrdinal(m.NodeId, context.NodeId) < 0);
            return bytes + (before == 0 ? 0 : bytes / 4 * before / members.Count);
        }
    }

    /// <summary>
    /// The log that followers in contact still need is kept up to a quarter of the space that the disk has above its reserve; one segment
    /// of it while the disk is low, so that a follower that is a few entries behind needs no snapshot; none on a full disk.
    /// </summary>
    private long LogBytesForFollowers => disk switch
    {
        { IsFull: true } => 0,
        { IsLow: true } => context.Ports.Disk!.SegmentBytes,
        { Room: long.MaxValue } => context.Options.LogRetentionBytes,
        _ => Math.Max(context.Options.LogRetentionBytes, disk.Room / FreeSpacePerFollowersLog),
    };

    /// <summary>Snapshot thread.</summary>
    private void WriteSnapshot(KvSnapshot capture)
    {
        Exception? error = null;
        var fallback = 0L;
        try
        {
            using (capture)
                context.Snapshots.Write(context.Identity.ClusterId, capture, context.Ports.ShutdownToken);
            fallback = context.Snapshots.FallbackIndex;
        }
        catch (Exception e) when (e is RaftKvStorageException or OperationCanceledException)
        {
            // The log is kept, so nothing is lost; a disk that is really broken fails the log next.
            error = e;
        }
        var state = capture.State;
        context.Post(new SnapshotFinished(state.Last, state.Configuration, state.ConfigurationIndex, error) { Fallback = fallback });
    }

    public void OnFinished(SnapshotFinished finished)
    {
        _isBusy = false;
        context.Ports.Telemetry?.TookSnapshot(finished.Error is null);
        if (finished.Error is { } error)
        {
            _nextSnapshot = context.Now.Ticks + RetryInterval;
            // Callers that came meanwhile do not wait for the next attempt.
            _served.AddRange(_waiting);
            _waiting.Clear();
            context.Log.SnapshotFailed(context.NodeId, finished.Last.Index, error.Message);
        }
        else
        {
            _fallback = finished.Fallback;
            context.Log.SnapshotTaken(context.NodeId, finished.Last.Index, finished.Last.Term);
            var keepFrom = Math.Min(finished.Last.Index + 1,
                context.Wal.FirstIndexKeepingBytes(disk.IsLow ? 0 : context.Options.LogRetentionBytes, finished.Last.Index));
            var keepFromForPeers = Math.Min(keepFrom, context.Wal.FirstIndexKeepingBytes(LogBytesForFollowers, finished.Last.Index));
            context.Step(new SnapshotTaken(context.Now, finished.Last, finished.Configuration, finished.ConfigurationIndex, keepFrom,
                keepFromForPeers));
        }
        // Callers that wait for the snapshot find it in the status.
        status.Publish();
        foreach (var waiter in _served)
        {
            if (finished.Error is null)
                waiter.TrySetResult(new KvVersion(finished.Last.Index));
            else
                waiter.TrySetException(finished.Error);
        }
        _served.Clear();
    }

    /// <summary>
    /// Drops segments of the log. The core needs the log from an entry on; the disk keeps it from the older snapshot on, which is no
    /// fallback without it. On a disk that is low on room the fallback is given up.
    /// </summary>
    public void DropLog(TruncatePrefix truncate)
    {
        var first = disk.IsLow ? truncate.First : Math.Min(truncate.First, _fallback + 1);
        submissions.DropPrefix(first);
    }

    /// <summary>
    /// The disk is low on room: what it keeps of the log for the older snapshot alone goes at once, also when no snapshot is due.
    /// </summary>
    public void GiveUpFallback()
    {
        if (context.Core is not null)
            submissions.DropPrefix(context.Core.FirstIndex);
    }

    /// <summary>The node takes no calls any more.</summary>
    public void FailAll(Func<Exception> reason)
    {
        foreach (var waiter in _waiting.Concat(_served))
            waiter.TrySetException(reason());
    }

    /// <summary>Checks a snapshot on the snapshot thread; <c>false</c> while another check is under way.</summary>
    public bool TryCheck(EntryId last)
    {
        if (_isChecking)
            return false;
        _isChecking = true;
        context.Parts.Snapshotter.Post(() => context.Post(new SnapshotChecked(context.Snapshots.SetAsideIfDamaged(last))));
        return true;
    }

    /// <summary>When the snapshot is damaged a new one is taken: the state in use is whole.</summary>
    public void OnChecked(SnapshotChecked result)
    {
        _isChecking = false;
        if (result.Damage is not { } damage)
            return;
        context.Log.SnapshotSetAside(damage.Message);
        Request();
    }

    public void Store(WriteSnapshotChunk chunk)
    {
        _installPieceAt = context.Now.Ticks;
        exchange.Store(new SnapshotPiece(chunk.Last, chunk.TotalBytes, chunk.Offset, chunk.Data),
            next => new CoreAnswer(now => new SnapshotChunkWritten(now, chunk.From, chunk.Last, next)));
    }

    public void Install(InstallReceivedSnapshot install)
    {
        if (_isBusy)
        {
            _deferredInstall = install;
            return;
        }
        _isBusy = true;
        exchange.Load(install.Last, install.From, restored => Swap(install, restored), _ => OnRefused(install));
    }

    /// <summary>Snapshot thread. Has the applier put the new state into use.</summary>
    private void Swap(InstallReceivedSnapshot install, KvStateMachine restored)
    {
        var (configuration, configurationIndex, logTimeMs) = (restored.Configuration, restored.ConfigurationIndex, restored.LogTimeMs);
        context.Applier.Submit(new SwapState(restored, () =>
        {
            _isBusy = false;
            context.Log.SnapshotInstalled(context.NodeId, install.Last.Index, install.From);
            context.Post(new CoreAnswer(
                now => new SnapshotInstalled(now, install.From, install.Last, true, configuration, configurationIndex, logTimeMs)));
        }));
    }

    /// <summary>Snapshot thread. The leader sends the snapshot again.</summary>
    private void OnRefused(InstallReceivedSnapshot install)
    {
        _isBusy = false;
        context.Post(new CoreAnswer(now => new SnapshotInstalled(now, install.From, install.Last, false, null, 0, 0)));
    }
}
