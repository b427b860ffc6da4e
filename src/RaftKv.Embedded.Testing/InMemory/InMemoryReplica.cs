using Microsoft.Extensions.Logging.Abstractions;
using RaftKv.Embedded.Diagnostics;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Node;
using RaftKv.Embedded.Primitives;
using RaftKv.Embedded.Records;
using RaftKv.Embedded.Storage;
using RaftKv.Embedded.Watch;

namespace RaftKv.Embedded.Testing;

/// <summary>
/// The product's replica, the only voter of its cluster, without threads, disk and network. Its parts run on the thread of a caller until
/// none has work, and on a timer when a key or a lease ends or is renewed.
/// </summary>
internal sealed class InMemoryReplica : LocalReplica
{
    private const string Root = "/in-memory";
    private const int SegmentBytes = 1024 * 1024;

    private readonly RaftKvOptions _options;
    private readonly Lock _gate = new();
    private readonly ITimer _timer;
    private int _requests;
    private bool _isRunning;
    private bool _isDisposed;

    public InMemoryReplica(RaftKvOptions options, TimeProvider time, Observers observers) : base(options, new ReplicaClock(time))
    {
        _options = options;
        Faults = new InMemoryFaults(options);
        var files = new InMemoryFileSystem();
        var directory = DataDirectory.Open(files, Root);
        var identity = LocalIdentity.Open(files, directory.Root, options.NodeId);
        var snapshots = new SnapshotStore(files, directory.Snapshots);
        Func<long, IKvStore> stores = static _ => new InMemoryKvStore();
        var state = StartupRecovery.LoadState(snapshots, stores, NullLogger.Instance);
        var wal = Wal.Open(files, directory.Wal, new WalOptions { SegmentBytes = SegmentBytes, PrepareInBackground = false }, out _);
        Telemetry = new Telemetry(options, new MeterSources
        {
            Status = () => null,
            ExpiredKeys = static () => 0,
            RevokedKeys = static () => 0,
            Leases = static () => 0,
        }, observers);
        Assembly = new ReplicaAssembly(new ReplicaPorts
        {
            Options = options,
            Clock = Clock,
            Log = NullLogger.Instance,
            Identity = identity,
            Wal = wal,
            Snapshots = snapshots,
            Stores = stores,
            State = state,
            Changes = new ChangeFeed(state, options.WatchHistoryBytes, options.ScanRetentionBytes, options.WatchPreviousValues),
            Pending = new PendingWrites(),
            SessionNonce = Guid.NewGuid(),
            Applying = static _ => { },
            Transport = new DisconnectedTransport($"{options.NodeId}:1"),
            Settings = CoreSettings.From(options, identity.Incarnation, seed: 1),
            ShutdownToken = CancellationToken.None,
        });
        Snapshots = snapshots;
        _timer = time.CreateTimer(static replica => ((InMemoryReplica)replica!).Run(), this, Timeout.InfiniteTimeSpan,
            Timeout.InfiniteTimeSpan);
        Found(identity);
    }

    public InMemoryFaults Faults { get; }

    /// <summary>Renews and ends the leases that this process holds, and returns when it must be called again.</summary>
    public Func<long>? RenewLeases { get; set; }

    private SnapshotStore Snapshots { get; }

    /// <summary>No two reads share a batch: each may be refused by itself.</summary>
    public override ReadBatch JoinReads(bool mayBeStale = false)
    {
        var batch = new ReadBatch(Clock.Ticks + _options.RequestTimeout.Ticks) { MayBeStale = mayBeStale, Readers = 1 };
        Post(batch);
        return batch;
    }

    public override void Post(ReplicaInput input)
    {
        var delay = Faults.Delay;
        if (delay <= TimeSpan.Zero)
        {
            Take(input);
            return;
        }
        // A write that is cancelled meanwhile has no command any more. A real replica would have had it by then.
        var unheard = input is WriteOperation write ? Unheard(write) : null;
        if (delay < _options.RequestTimeout)
            Later(delay, () => Take(input is WriteOperation { IsCompleted: true } ? unheard! : input));
        else
            Later(_options.RequestTimeout, () => TakeTooLate(input, unheard));
    }

    public override void PostRequest(ReplicaInput input)
    {
        if (input is AdminCall call)
            Await(call);
        if (input is WriteOperation renewal && Faults.RefusalOf(input, isRenewal: true) is { } refusal)
            renewal.TryFail(refusal);
        else
            Replica.Post(input);
        Run();
    }

    public override void RecordAccess(ReadOnlySpan<byte> key, long version, long expiresAtMs, long slidingMs)
    {
        Replica.RecordAccess(key, version, expiresAtMs, slidingMs);
        Run();
    }

    public override void Submit(BetweenEntries task)
    {
        Applier.Submit(task);
        Run();
    }

    public override async Task<RaftKvBackupInfo?> TryCopySnapshotAsync(
        long coveringIndex, Stream destination, CancellationToken cancellationToken)
    {
        using var source = Snapshots.OpenCovering(coveringIndex);
        return source is null ? null : await source.CopyToAsync(destination, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Forgets all changes so far: watches of the past, watches under way and scans under way end with an error.</summary>
    public void Compact() => Submit(new BetweenEntries(_ =>
    {
        Applier.Changes.History.Restart(Applier.AppliedIndex);
        Applier.Changes.Watches.Compact(Applier.AppliedIndex + 1);
        Applier.Changes.Views.BreakAll();
    }, static () => { }));

    /// <summary>Runs all parts until none has work.</summary>
    public void Run()
    {
        lock (_gate)
        {
            // A part that runs below may call this again: the loop of RunParts then finds its work.
            if (_isRunning || _isDisposed)
                return;
            _isRunning = true;
            try
            {
                RunParts();
            }
            finally
            {
                _isRunning = false;
            }
        }
    }

    /// <summary>Does nothing: the replica leads since its construction.</summary>
    public override void Start()
    {
    }

    public override Task HandOverAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override Task StopAsync(CancellationToken cancellationToken)
    {
        Dispose();
        return Task.CompletedTask;
    }

    public override ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }

    public override void Dispose()
    {
        lock (_gate)
        {
            if (_isDisposed)
                return;
            _isDisposed = true;
            MarkEnded();
            _timer.Dispose();
            Replica.End();
            Telemetry.Dispose();
            Snapshots.Dispose();
        }
    }

    private void Found(LocalIdentity identity)
    {
        var self = new Member(_options.NodeId, $"{_options.NodeId}:1", identity.Incarnation, MemberRole.Voter);
        if (Assembly.ClusterBootstrap.TryBootstrap([self], FeatureLevels.Of(_options), ClusterLimits.Of(_options)) is { } start)
            Replica.Recover(start);
        Run();
        // A node is ready after its first read.
        _ = JoinReads();
    }

    /// <summary>
    /// Counts the calls without an answer. While there are any, the timer also follows the deadlines of the replica, which end some of
    /// them.
    /// </summary>
    private void Await(AdminCall call)
    {
        Interlocked.Increment(ref _requests);
        _ = call.Done.ContinueWith(_ => Interlocked.Decrement(ref _requests), TaskScheduler.Default);
    }

    private void Take(ReplicaInput input)
    {
        if (Faults.RefusalOf(input) is { } refusal)
            Refuse(input, refusal);
        else if (input is WriteOperation write && Faults.TryLoseOutcome(write, out var applied))
            LoseOutcome(write, applied ? Unheard(write) : null);
        else
            Replica.Post(input);
        Run();
    }

    /// <summary>Ends a call whose delay reaches its time limit.</summary>
    private void TakeTooLate(ReplicaInput input, WriteOperation? unheard)
    {
        if (input is WriteOperation write)
            LoseOutcome(write, unheard);
        else
            Refuse(input, Errors.NoQuorum(_options.NodeId, _options.RequestTimeout));
        Run();
    }

    private static void Refuse(ReplicaInput input, RaftKvUnavailableException refusal)
    {
        if (input is WriteOperation write)
            write.TryFail(refusal);
        else if (input is ReadBatch { MayBeStale: false } batch)
            batch.Fail(refusal);
        // As the product does without a leader.
        else if (input is ReadBatch stale)
            stale.CompleteStale();
    }

    /// <summary>The same write, without a caller who hears of its outcome.</summary>
    private WriteOperation Unheard(WriteOperation write)
    {
        var unheard = new WriteOperation(write.Command.ToArray(), deadline: Moment.Never, static _ => { });
        _ = unheard.Start(CancellationToken.None);
        return unheard;
    }

    /// <summary>Ends a write with an unknown outcome; the write is carried out as <paramref name="unheard"/>, if that is given.</summary>
    private void LoseOutcome(WriteOperation write, WriteOperation? unheard)
    {
        if (unheard is not null)
            Replica.Post(unheard);
        write.TryFail(InMemoryErrors.Unknown(_options));
    }

    private void Later(TimeSpan delay, Action act) => _ = Task.Delay(delay, Clock.Provider)
        .ContinueWith(_ => act(), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

    private void RunParts()
    {
        var renewAt = RenewLeases?.Invoke() ?? Moment.Never;
        for (var isBusy = true; isBusy;)
        {
            Replica.RunOnce();
            Assembly.LogWriter.RunOnce();
            Applier.RunOnce();
            Assembly.Reader.RunOnce();
            Assembly.Snapshotter.RunOnce();
            isBusy = Replica.HasWork || Assembly.LogWriter.HasWork || Applier.HasWork || Assembly.Reader.HasWork
                || Assembly.Snapshotter.HasWork;
            if (isBusy)
                continue;
            // Renewals that were posted have their answers now.
            renewAt = RenewLeases?.Invoke() ?? Moment.Never;
            Replica.Settle();
            isBusy = Replica.HasWork;
        }
        Schedule(renewAt);
    }

    /// <summary>
    /// Sets the timer to the next event that no call triggers: the renewal of a lease, the end of a key or a lease, the deadline of a
    /// request.
    /// </summary>
    private void Schedule(long renewAt)
    {
        var now = Clock.Now;
        var due = Volatile.Read(ref _requests) > 0 ? Math.Min(renewAt, Replica.Deadline) : renewAt;
        if (Applier.NextDueMs is var dueMs && dueMs != long.MaxValue && Replica.Core is { } core)
            due = Math.Min(due, now.Ticks + Math.Max(0, dueMs - core.ReadLogTime(now)) * TimeSpan.TicksPerMillisecond);
        var wait = due == Moment.Never
            ? Timeout.InfiniteTimeSpan
            : TimeSpan.FromMilliseconds(Math.Clamp(Math.Ceiling(TimeSpan.FromTicks(due - now.Ticks).TotalMilliseconds), 1, int.MaxValue));
        _timer.Change(wait, Timeout.InfiniteTimeSpan);
    }
}
