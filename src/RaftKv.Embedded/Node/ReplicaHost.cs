using Microsoft.Extensions.Logging;
using RaftKv.Embedded.Diagnostics;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Primitives;
using RaftKv.Embedded.Recovery;
using RaftKv.Embedded.StateMachine;
using RaftKv.Embedded.Storage;
using RaftKv.Embedded.Transport;
using RaftKv.Embedded.Watch;

namespace RaftKv.Embedded.Node;

/// <summary>
/// A replica with its disk, its network and its threads: opens them, starts them, ends them. Nothing here is static, so one process may
/// host as many as it likes.
/// </summary>
internal sealed class ReplicaHost : IDisposable, IAsyncDisposable
{
    /// <summary>Of the log lines of a replica.</summary>
    public const string Category = "RaftKv.Embedded.Node";

    private static readonly string Version = typeof(ReplicaHost).Assembly.GetName().Version?.ToString(fieldCount: 3) ?? "?";

    private static readonly TimeSpan JoinTimeout = TimeSpan.FromSeconds(5);

    private readonly RaftKvOptions _options;
    private readonly ILogger _log;
    private readonly OsFileSystem _files;
    private readonly DataDirectory _directory;
    private readonly TcpTransport _transport;
    private readonly Wal _wal;
    private readonly SnapshotStore _snapshots;
    private readonly LogWriter _logWriter;
    private readonly Worker _reader;
    private readonly Worker _snapshotter;
    private readonly Formation _formation;
    private readonly ContactPoints _contacts;
    private readonly PeerGate _gate;
    private readonly LocalIdentity _identity;
    private readonly StallWatch _stallWatch;
    private readonly BootstrapReport _bootstrap;
    private readonly AppliedMark _mark;
    private bool _marks;
    private readonly List<DedicatedThread> _threads = [];
    private readonly CancellationTokenSource _ended = new();
    private readonly TaskCompletionSource _hurry = new();
    private Task? _end;
    private bool _hasLoop;
    private volatile bool _running;
    private volatile bool _hasEnded;

    private ReplicaHost(RaftKvOptions options, Observers observers, ReplicaClock clock, OsFileSystem files, DataDirectory directory, TcpTransport transport,
        LocalIdentity identity, Wal wal, SnapshotStore snapshots, StoreFactory stores, KvStateMachine state, RaftStart? recovered, DirectoryAge age, AppliedMark mark, long openedAt)
    {
        _mark = mark;
        var servedBefore = mark.ClusterId == identity.ClusterId ? mark.Found : default;
        _marks = servedBefore.Index > 0;
        _files = files;
        var log = observers.CreateLogger(Category);
        (_options, _log, Clock, _directory, _transport, _identity, _wal, _snapshots) = (options, log, clock, directory, transport, identity, wal, snapshots);
        var nonce = Guid.NewGuid();
        var pending = new PendingWrites(1 + (uint)nonce.GetHashCode());
        var changes = new ChangeFeed(state, options.WatchHistoryBytes, options.ScanRetentionBytes);
        Applier = new Applier(wal, pending, state, changes) { SessionNonce = nonce, Applying = MarkApplied };
        _logWriter = new LogWriter(wal);
        Telemetry = new Telemetry(options.NodeId, new MeterSources
        {
            Status = () => Replica?.Status,
            ExpiredKeys = () => changes.ExpiredKeys,
            RevokedKeys = () => changes.RevokedKeys,
            Leases = () => Applier.LeaseCount,
        }, observers);
        var stalls = new StallLog(options.NodeId, clock, log);
        stalls.Stalled += Telemetry.Stalled;
        _stallWatch = new StallWatch(stalls, clock, options.ElectionTimeout, new StallSources
        {
            LeaderSilence = () => Replica?.LastLeaderContact,
            LeaderId = () => Replica?.LeaderId,
            WithoutLeader = () => Replica?.WithoutLeader,
            SilentVoters = () => Replica?.SilentVoters ?? [],
            LogBusyFor = () => _logWriter.BusyFor,
            ApplierBusyFor = () => Applier.BusyFor,
            AppliedIndex = () => Applier.AppliedIndex,
        });
        _logWriter.Synced = OnSynced;
        _reader = new Worker(OnThreadFailed);
        _snapshotter = new Worker(OnThreadFailed);
        _formation = new Formation(identity, wal, clock);
        _bootstrap = new BootstrapReport(options.NodeId, clock, log);
        Replica = new Replica(new ReplicaParts
        {
            Identity = identity,
            Formation = _formation,
            Wal = wal,
            Snapshots = snapshots,
            LogWriter = _logWriter,
            Applier = Applier,
            Pending = pending,
            Transport = transport,
            Reader = _reader,
            Snapshotter = _snapshotter,
            Stores = stores.Create,
            Ending = _ended.Token,
            Disk = new DiskParts(() => snapshots.FreeBytes, files.VolumeBytes(directory.Root), VolumeSizes.LogSegmentBytes(files.VolumeBytes(directory.Root), options.LogSegmentBytes)),
            Telemetry = Telemetry,
            Stalls = stalls,
            Bootstrap = _bootstrap,
            Age = age,
            OpenedAt = openedAt,
            ServedBefore = servedBefore,
            Settings = CoreSettings.From(options, identity.Incarnation, BitConverter.ToUInt64(identity.Incarnation.ToByteArray()) ^ (ulong)clock.Wall.Ticks),
        }, options, clock, log);
        _contacts = new ContactPoints(options);
        _gate = new PeerGate(Replica, Replica.Turns.TakeTurn, identity, _formation, _contacts, new ProcessMark(nonce, clock.Now.UnixMs), options, () => transport.AdvertisedAddress, age);
        _logWriter.Failed += OnThreadFailed;
        Applier.Failed += OnThreadFailed;
        Replica.Faulted += OnFaulted;
        RecoveredIndex = recovered is null ? 0 : Math.Max(recovered.Snapshot.Index, recovered.Committed.Index);
        // Before anybody can call: what this node served before it restarted decides what it may serve now.
        if (recovered is not null)
            Replica.Recover(recovered);
    }

    public Replica Replica { get; }

    public Telemetry Telemetry { get; }

    /// <summary>Up to here this node applies at its start, without a leader.</summary>
    public long RecoveredIndex { get; }

    public Applier Applier { get; }

    /// <summary>Any thread. The batch of reads that goes with the next read index.</summary>
    /// <param name="mayBeStale">Whether the batch also ends when the node serves reads without a leader.</param>
    public ReadBatch JoinReads(bool mayBeStale = false)
    {
        var batch = Replica.JoinReads(out var isNew, mayBeStale);
        if (isNew)
            Post(batch);
        return batch;
    }

    /// <summary>Any thread. The secrets of the cluster, for the connections that are made from now on.</summary>
    public void ReplaceSecrets(IEnumerable<string> secrets) => _transport.ReplaceSecrets(secrets);

    /// <summary>
    /// Apply thread, before entries are applied. A node that has served its copy marks each entry before it can be seen, so that the copy
    /// does not go back when the node is killed and restarted without a quorum. One that never was ready marks nothing, and serves nothing
    /// then.
    /// </summary>
    private void MarkApplied(EntryId last)
    {
        _marks |= Replica.HasCaughtUp;
        if (_marks)
            _mark.Write(_identity.ClusterId, last);
    }

    /// <summary>Any thread. Gives the replica something to do.</summary>
    public void Post(ReplicaInput input) => Replica.Turns.PostFromCaller(input);

    public ReplicaClock Clock { get; }

    /// <summary>Nothing can be read any more.</summary>
    public bool HasEnded => _hasEnded;

    /// <summary>Opens everything, and starts nothing: whatever is wrong with the disk or the addresses is said here.</summary>
    /// <exception cref="RaftKvStorageException">The data directory cannot be used.</exception>
    public static ReplicaHost Open(RaftKvOptions options, ReplicaClock clock, Observers observers)
    {
        var openedAt = clock.Ticks;
        var log = observers.CreateLogger(Category);
        var files = new OsFileSystem();
        var directory = DataDirectory.Open(files, options.DataDirectory);
        var opened = new Stack<IDisposable>([directory]);
        try
        {
            VolumeSizes.Check(files.VolumeBytes(directory.Root), options);
            DirectoryMarkers.ThrowIfRetired(files, directory);
            var identity = LocalIdentity.Open(files, directory.Root, options.NodeId);
            DirectoryMarkers.ThrowIfUnfinished(files, directory, identity.ClusterId != Guid.Empty);
            var segmentBytes = VolumeSizes.LogSegmentBytes(files.VolumeBytes(directory.Root), options.LogSegmentBytes);
            var snapshots = new SnapshotStore(files, directory.Snapshots) { ReservedBytes = segmentBytes, LoadedInMemoryBytes = options.MemoryBudget / 2 };
            opened.Push(snapshots);
            var stores = new StoreFactory(files, directory.Store, options);
            var state = StartupRecovery.LoadState(snapshots, stores.Create, log);
            opened.Push(state.Store);
            var walOptions = new WalOptions
            {
                SegmentBytes = segmentBytes,
                MustExist = identity.ClusterId != Guid.Empty,
                SyncsCommits = options.Durability == RaftKvDurability.Fsync,
            };
            var wal = Wal.Open(files, directory.Wal, walOptions, out var recovery);
            opened.Push(wal);
            var mark = AppliedMark.Open(files, directory.Root);
            opened.Push(mark);
            var start = StartupRecovery.Join(identity, wal, recovery, state, log, mark);
            var age = DirectoryAge.Open(files, directory.Root, BitConverter.ToInt64(Guid.NewGuid().ToByteArray()), start);
            var transport = new TcpTransport(TransportSetup.From(options, identity.Incarnation, observers.CreateLogger("RaftKv.Embedded.Transport")));
            opened.Push(transport);
            return new ReplicaHost(options, observers, clock, files, directory, transport, identity, wal, snapshots, stores, state, start, age, mark, openedAt);
        }
        catch
        {
            while (opened.TryPop(out var part))
                part.Dispose();
            files.CloseDirectories();
            throw;
        }
    }

    /// <summary>Starts the threads. Returns at once: forming, electing and catching up happen behind it.</summary>
    public void Start()
    {
        _running = true;
        // Before the loop, which sends; what arrives early waits in its inbox.
        _transport.Start(_gate);
        var name = $"raftkv-{_options.NodeId}";
        _threads.Add(new DedicatedThread($"{name}-log", () => _logWriter.Run(Replica.Turns.TakeTurn), ThreadPriority.AboveNormal));
        _threads.Add(new DedicatedThread($"{name}-apply", () => Applier.Run()));
        _threads.Add(new DedicatedThread($"{name}-read", () => _reader.Run()));
        _threads.Add(new DedicatedThread($"{name}-snap", () => _snapshotter.Run()));
        _threads.Add(new DedicatedThread($"{name}-loop", Replica.Turns.Run, ThreadPriority.AboveNormal));
        _threads.Add(new DedicatedThread($"{name}-watch", () => _stallWatch.Run(_ended.Token)));
        _hasLoop = true;
        _log.Started(_options.NodeId, Version, _transport.ListenEndPoint, _transport.AdvertisedAddress, _options.DataDirectory,
            _identity.ClusterId == Guid.Empty ? "none yet" : _identity.ClusterId.ToString());
        if (_options.Seeds.Count > 0)
            _threads.Add(new DedicatedThread($"{name}-seeds", new SeedWatch(_options, _identity, _contacts, _transport, Replica, _ended.Token).Run));
        if (_identity.ClusterId == Guid.Empty || _identity.IsJoining)
            _threads.Add(new DedicatedThread($"{name}-form",
                new Founder(_options, _identity, _formation, _contacts, _transport, () => _gate.Identity, Replica, _bootstrap, Clock, _log, _ended.Token).Run));
    }

    /// <summary>A leader hands over, within the hand-over timeout or the token's; calls are served on.</summary>
    public async Task HandOverAsync(CancellationToken cancellationToken)
    {
        // The stop itself comes next, and says what it could not finish.
        if (!_running)
            return;
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Replica.Post(new HandOverWanted(done));
        await Task.WhenAny(done.Task, Task.Delay(_options.HandOverTimeout + JoinTimeout, cancellationToken)).ConfigureAwait(false);
    }

    /// <summary>
    /// Hands over and stops. The host stops once, however often and from how many threads it is asked to: each call completes when the stop
    /// is complete. It is bounded by the hand-over timeout, or the earliest cancellation of the callers, and a few seconds for all threads
    /// together.
    /// </summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        var end = EndOnce(Stop);
        await using var hurry = cancellationToken.UnsafeRegister(static host => ((ReplicaHost)host!)._hurry.TrySetResult(), this).ConfigureAwait(false);
        await end.ConfigureAwait(false);
    }

    /// <summary>Ends at once, or hurries the stop that has begun, and waits for its end.</summary>
    public async ValueTask DisposeAsync()
    {
        _hurry.TrySetResult();
        await EndOnce(Close).ConfigureAwait(false);
    }

    /// <summary>As <see cref="DisposeAsync"/>.</summary>
    public void Dispose()
    {
        _hurry.TrySetResult();
        EndOnce(Close).Wait(_options.HandOverTimeout + (2 * JoinTimeout));
    }

    /// <summary>Waits until this node has applied an entry, at most as long as a call may wait.</summary>
    /// <exception cref="RaftKvUnavailableException">It did not in time.</exception>
    public async Task WaitAppliedAsync(long index, CancellationToken cancellationToken)
    {
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Action callback = () => reached.TrySetResult();
        if (!Applier.Waiters.Add(index, callback, () => Applier.AppliedIndex))
            return;
        try
        {
            await reached.Task.WaitAsync(_options.RequestTimeout, Clock.Provider, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            throw Errors.ApplyBehind(_options.RequestTimeout);
        }
        finally
        {
            Applier.Waiters.Remove(callback);
        }
    }

    /// <summary>Copies the newest snapshot if it covers an entry; <c>null</c> if there is none that does.</summary>
    public async Task<RaftKvBackupInfo?> TryCopySnapshotAsync(long coveringIndex, Stream destination, CancellationToken cancellationToken)
    {
        using var source = _snapshots.OpenCovering(coveringIndex);
        return source is null ? null : await source.CopyToAsync(destination, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The first caller decides how the host ends. It ends on a thread of its own, without the pool.</summary>
    private Task EndOnce(Action end)
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        if (Interlocked.CompareExchange(ref _end, ended.Task, null) is { } first)
            return first;
        _ = ThreadStarter.RunAside(() =>
        {
            try
            {
                end();
                ended.SetResult();
            }
            catch (Exception e)
            {
                ended.SetException(e);
            }
        });
        return ended.Task;
    }

    private void Stop()
    {
        if (_running)
        {
            // Without asynchronous continuations: the wait must not need the pool.
            var done = new TaskCompletionSource();
            Replica.Post(new StopWanted(done));
            if (Task.WaitAny([done.Task, _hurry.Task], _options.HandOverTimeout + JoinTimeout) != 0)
                _log.StopIncomplete(_options.NodeId);
        }
        Close();
        _log.Stopped(_options.NodeId);
    }

    private void Close()
    {
        _hasEnded = true;
        _gate.Close();
        _files.StopWaiting();
        _ended.Cancel();
        Telemetry.Dispose();
        _running = false;
        Replica.Post(new StopWanted(new TaskCompletionSource()));
        Replica.Turns.Stop();
        _logWriter.Stop();
        Applier.Stop();
        _reader.Stop();
        _snapshotter.Stop();
        _transport.Dispose();
        var waited = System.Diagnostics.Stopwatch.StartNew();
        if (!_threads.TrueForAll(thread => thread.Join(Left(waited))) || !Applier.TryClose(Left(waited)))
        {
            // A thread hangs in the disk, say. It still uses what would be closed here, and FASTER's memory must not be freed beneath it;
            // the directory stays locked until the process ends.
            _log.StopIncomplete(_options.NodeId);
            return;
        }
        if (!_hasLoop)
            Replica.End();
        foreach (var close in (Action[])[_mark.Dispose, _wal.Close, Applier.State.Store.Dispose, _snapshots.Dispose, _files.CloseDirectories, _directory.Dispose, _ended.Dispose])
            Close(close);
    }

    /// <summary>An error at the end, of the disk most likely, keeps nothing else from being closed, and nothing that was acknowledged depends on it.</summary>
    private void Close(Action close)
    {
        try
        {
            close();
        }
        catch (Exception e) when (e is RaftKvException or IOException or UnauthorizedAccessException)
        {
            _log.CloseFailed(_options.NodeId, e.Message);
        }
    }

    private static TimeSpan Left(System.Diagnostics.Stopwatch waited) => waited.Elapsed < JoinTimeout ? JoinTimeout - waited.Elapsed : TimeSpan.Zero;

    /// <summary>Log thread.</summary>
    private void OnSynced(TimeSpan duration, int batches)
    {
        _stallWatch.Synced(duration);
        if (Telemetry.WatchesSyncs)
            Telemetry.Synced(duration, batches, Clock.Wall.UtcDateTime);
    }

    private void OnThreadFailed(Exception error) => Replica.Post(new FaultHappened(error));

    /// <summary>A faulted node must not look alive to its peers.</summary>
    private void OnFaulted()
    {
        _gate.Close();
        _ended.Cancel();
        _ = ThreadStarter.RunAside(_transport.Dispose);
    }
}
