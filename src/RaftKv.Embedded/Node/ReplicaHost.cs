using Microsoft.Extensions.Logging;
using RaftKv.Embedded.Diagnostics;
using RaftKv.Embedded.Primitives;
using RaftKv.Embedded.Transport;
using RaftKv.Embedded.Watch;

namespace RaftKv.Embedded.Node;

/// <summary>
/// A replica with its disk, its network and its threads: opens them, starts them, ends them. Nothing here is static, so one process may
/// host as many as it likes.
/// </summary>
internal sealed class ReplicaHost : LocalReplica
{
    /// <summary>The category of a replica's log lines.</summary>
    public const string Category = "RaftKv.Embedded.Node";

    private static readonly string Version = typeof(ReplicaHost).Assembly.GetName().Version?.ToString(fieldCount: 3) ?? "?";

    private static readonly TimeSpan JoinTimeout = TimeSpan.FromSeconds(5);

    private readonly RaftKvOptions _options;
    private readonly ILogger _log;
    private readonly ReplicaStorage _storage;
    private readonly ITransport _transport;
    private readonly ReplicaThreads _threads;
    private readonly StallWatch _stallWatch;
    private readonly BootstrapReport _bootstrap;
    private readonly CancellationTokenSource _ended = new();
    private readonly OneTimeStop _stop = new();
    private volatile bool _running;

    private ReplicaHost(RaftKvOptions options, Observers observers, ReplicaClock clock, ReplicaStorage storage, ITransport transport,
        long openedAt) : base(options, clock)
    {
        var log = observers.CreateLogger(Category);
        (_options, _log, _storage, _transport) = (options, log, storage, transport);
        RecoveredIndex = storage.Start is { } from ? Math.Max(from.Snapshot.Index, from.Committed.Index) : 0;
        var changes = new ChangeFeed(storage.State, options.WatchHistoryBytes, options.ScanRetentionBytes, options.WatchPreviousValues);
        Telemetry = new Telemetry(options, new MeterSources
        {
            Status = () => Assembly?.Replica.Status,
            ExpiredKeys = () => changes.ExpiredKeys,
            RevokedKeys = () => changes.RevokedKeys,
            Leases = () => Assembly?.Applier.LeaseCount ?? 0,
        }, observers);
        var stalls = new StallLog(options.NodeId, clock, log);
        stalls.Stalled += Telemetry.Stalled;
        _stallWatch = CreateStallWatch(stalls);
        _bootstrap = new BootstrapReport(options.NodeId, clock, log);
        Assembly = Assemble(changes, stalls, openedAt);
        Assembly.LogWriter.Synced = OnSynced;
        _threads = new ReplicaThreads(Assembly, _stallWatch, options.NodeId);
        Assembly.LogWriter.Failed += Assembly.Fault;
        Applier.Failed += Assembly.Fault;
        Replica.Faulted += OnFaulted;
        // Before any caller has the host, because what this node served before it restarted decides what it may serve now.
        if (storage.Start is { } start)
            Replica.Recover(start);
    }

    /// <summary>Any thread. The secrets of the cluster, for the connections that are made from now on.</summary>
    public void ReplaceSecrets(IEnumerable<string> secrets) => (_transport as TcpTransport)?.ReplaceSecrets(secrets);

    /// <summary>Opens everything, and starts nothing: errors of the disk and of the addresses are thrown here.</summary>
    /// <exception cref="RaftKvStorageException">The data directory cannot be used.</exception>
    /// <exception cref="InvalidOperationException">The node cannot listen on its address.</exception>
    public static ReplicaHost Open(
        RaftKvOptions options, ReplicaClock clock, Observers observers, ReplicaEnvironment? environment = null)
    {
        var openedAt = clock.Ticks;
        var storage = ReplicaStorage.Open(options, observers.CreateLogger(Category), environment);
        ITransport? transport = null;
        try
        {
            transport = environment?.Connect() ?? new TcpTransport(
                TransportSetup.From(options, storage.Identity.Incarnation, observers.CreateLogger("RaftKv.Embedded.Transport")));
            return new ReplicaHost(options, observers, clock, storage, transport, openedAt);
        }
        catch
        {
            transport?.Dispose();
            storage.Dispose();
            throw;
        }
    }

    public override void Start()
    {
        _running = true;
        // Before the loop, which sends; messages that arrive early wait in its inbox.
        _transport.Start(Assembly.Admission);
        _threads.Start(_ended.Token);
        var identity = _storage.Identity;
        _log.Started(_options.NodeId, Version, _transport.ListenEndPoint, _transport.AdvertisedAddress, _storage.Directory.Root,
            identity.ClusterId == Guid.Empty ? "none yet" : identity.ClusterId.ToString());
        if (_options.Seeds.Count > 0)
            _threads.Add("seeds", new SeedWatch(_options, identity, Assembly.Contacts, _transport, Replica, _ended.Token).Run);
        if (identity.ClusterId == Guid.Empty || identity.IsJoining)
        {
            var bootstrapper = new ClusterBootstrapper(_options, identity, Assembly.ClusterBootstrap, Assembly.Contacts, _transport,
                () => Assembly.Admission.Identity, Replica,
                _bootstrap, Clock, _log, _ended.Token);
            _threads.Add("form", bootstrapper.Run);
        }
    }

    public override async Task HandOverAsync(CancellationToken cancellationToken)
    {
        if (!_running)
            return;
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Replica.Post(new HandOverWanted(done));
        // No error when the time is over: the stop comes next, and logs what it could not finish.
        await done.Task.WaitAsync(_options.HandOverTimeout + JoinTimeout, cancellationToken)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        var end = _stop.Run(Stop);
        await using var hurry = cancellationToken.UnsafeRegister(static host => ((ReplicaHost)host!)._stop.HurryUp(), this)
            .ConfigureAwait(false);
        await end.ConfigureAwait(false);
    }

    public override async ValueTask DisposeAsync()
    {
        _stop.HurryUp();
        await _stop.Run(Close).ConfigureAwait(false);
    }

    public override void Dispose()
    {
        _stop.HurryUp();
        _stop.Run(Close).Wait(_options.HandOverTimeout + (2 * JoinTimeout));
    }

    public override async Task<RaftKvBackupInfo?> TryCopySnapshotAsync(
        long coveringIndex, Stream destination, CancellationToken cancellationToken)
    {
        using var source = _storage.Snapshots.OpenCovering(coveringIndex);
        return source is null ? null : await source.CopyToAsync(destination, cancellationToken).ConfigureAwait(false);
    }

    private void Stop()
    {
        if (_running)
        {
            // Without asynchronous continuations: the wait must not need the pool.
            var done = new TaskCompletionSource();
            Replica.Post(new StopWanted(done));
            if (Task.WaitAny([done.Task, _stop.Hurry], _options.HandOverTimeout + JoinTimeout) != 0)
                _log.StopIncomplete(_options.NodeId);
        }
        Close();
        _log.Stopped(_options.NodeId);
    }

    private void Close()
    {
        MarkEnded();
        Assembly.Admission.Close();
        _storage.Files.StopWaiting();
        _ended.Cancel();
        Telemetry.Dispose();
        _running = false;
        Replica.Post(new StopWanted(new TaskCompletionSource()));
        _threads.Stop();
        _transport.Dispose();
        if (!_threads.TryJoin(JoinTimeout))
        {
            // A thread still runs, for example in an operation of a disk that hangs. It uses what would be closed here, and FASTER's memory
            // must not be freed while it is in use; the directory stays locked until the process ends.
            _log.StopIncomplete(_options.NodeId);
            return;
        }
        if (!_threads.HasLoop)
            Replica.End();
        foreach (var close in _storage.Closings(Applier.State.Store))
            Close(close);
        _ended.Dispose();
    }

    /// <summary>
    /// An error while closing, most likely of the disk, keeps no other part from being closed, and nothing that was acknowledged depends on
    /// it.
    /// </summary>
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

    private StallWatch CreateStallWatch(StallLog stalls) => new(stalls, Clock, _options.ElectionTimeout, new StallSources
    {
        LeaderSilence = () => Assembly?.Replica.LastLeaderContact,
        LeaderId = () => Assembly?.Replica.LeaderId,
        WithoutLeader = () => Assembly?.Replica.WithoutLeader,
        SilentVoters = () => Assembly?.Replica.SilentVoters ?? [],
        LogBusyFor = () => Assembly.LogWriter.BusyFor,
        ApplierBusyFor = () => Applier.BusyFor,
        AppliedIndex = () => Applier.AppliedIndex,
    });

    private ReplicaAssembly Assemble(ChangeFeed changes, StallLog stalls, long openedAt)
    {
        var nonce = Guid.NewGuid();
        var identity = _storage.Identity;
        var marker = new AppliedMarker(_storage.Mark, identity, () => Replica.HasCaughtUp);
        return new ReplicaAssembly(new ReplicaPorts
        {
            Options = _options,
            Clock = Clock,
            Log = _log,
            Identity = identity,
            Wal = _storage.Wal,
            Snapshots = _storage.Snapshots,
            Stores = _storage.Stores,
            State = _storage.State,
            Changes = changes,
            Pending = new PendingWrites(1 + (uint)nonce.GetHashCode()),
            SessionNonce = nonce,
            Applying = marker.Write,
            Transport = _transport,
            Process = new ProcessMark(nonce, Clock.Now.UnixMs),
            Settings = CoreSettings.From(
                _options, identity.Incarnation, BitConverter.ToUInt64(identity.Incarnation.ToByteArray()) ^ (ulong)Clock.Wall.Ticks),
            ShutdownToken = _ended.Token,
            Disk = new DiskParts(() => _storage.Snapshots.FreeBytes, _storage.VolumeBytes, _storage.SegmentBytes),
            Telemetry = Telemetry,
            Stalls = stalls,
            Bootstrap = _bootstrap,
            Age = _storage.Age,
            OpenedAt = openedAt,
            ServedBefore = AppliedMarker.ServedBefore(_storage.Mark, identity),
        });
    }

    /// <summary>Log thread.</summary>
    private void OnSynced(TimeSpan duration, int batches)
    {
        _stallWatch.Synced(duration);
        if (Telemetry.WatchesSyncs)
            Telemetry.Synced(duration, batches, Clock.Wall.UtcDateTime);
    }

    /// <summary>Peers must not reach a faulted node any more.</summary>
    private void OnFaulted()
    {
        Assembly.Admission.Close();
        _ended.Cancel();
        _ = ThreadStarter.RunAside(_transport.Dispose);
    }
}
