using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace RaftKv.Embedded.Diagnostics;

/// <summary>
/// The meter and the traces of one replica; docs/operations.md lists the names, which are stable. Costs only the check of a flag while
/// nothing listens. Listeners are code of the application: for events of the replica's threads they are called by <see cref="Observers"/>,
/// for a call on the thread of its caller. Their exceptions change no outcome.
/// </summary>
internal sealed class Telemetry : IDisposable
{
    private readonly KeyValuePair<string, object?>[] _identity;
    private readonly Observers _observers;
    private volatile ReplicaMeter? _meter;
    private volatile ActivitySource? _activities;
    private volatile ActivitySource? _logActivities;

    /// <param name="options">The options of the node that is measured.</param>
    /// <param name="sources">The values of the gauges.</param>
    /// <param name="observers">
    /// Calls the listeners. Nothing is recorded until its thread has created the meter and the sources of activities.
    /// </param>
    public Telemetry(RaftKvOptions options, MeterSources sources, Observers observers)
    {
        _observers = observers;
        _identity = options.ClusterName is { } cluster
            ? [new(RaftKvTelemetry.NodeTag, options.NodeId), new(RaftKvTelemetry.ClusterTag, cluster)]
            : [new(RaftKvTelemetry.NodeTag, options.NodeId)];
        Leases = new LeaseTelemetry(() => _meter, observers);
        observers.PostAlways(() => _activities = new ActivitySource(RaftKvTelemetry.ActivitySourceName));
        observers.PostAlways(() => _logActivities = new ActivitySource(RaftKvTelemetry.LogActivitySourceName));
        observers.PostAlways(() => _meter = new ReplicaMeter(_identity, sources, Leases));
    }

    /// <summary>Leases and locks of this process.</summary>
    public LeaseTelemetry Leases { get; }

    /// <summary>Whether something listens to single writes.</summary>
    public bool WatchesWrites => IsOn(_meter?.Writes) || IsTraced;

    /// <summary>Whether something listens to reads, also to those that wait for nothing.</summary>
    public bool CountsReads => IsOn(_meter?.Reads);

    /// <summary>Whether something listens to reads that wait.</summary>
    public bool WatchesReads => IsOn(_meter?.ReadTimes) || IsTraced;

    /// <summary>Whether something listens to operations of caches.</summary>
    public bool WatchesCache => IsOn(_meter?.CacheTimes) || IsTraced;

    public bool WatchesSyncs => IsOn(_meter?.Syncs) || _logActivities is { } activities && activities.HasListeners();

    private bool IsTraced => _activities is { } activities && activities.HasListeners();

    /// <summary>Begins the trace of a write, under the caller's; <c>null</c> when it is not recorded.</summary>
    public Activity? StartWrite(string operation) => Start("raftkv.write", ActivityKind.Client, operation);

    /// <summary>Records the outcome of a write, with a span for each of its three parts: propose, replicate, apply.</summary>
    public void EndWrite(Activity? write, TimeSpan untilGiven, TimeSpan untilCommitted, TimeSpan whole, string outcome, Exception? error)
    {
        Record(_meter?.Writes, whole, Tag("outcome", outcome));
        if (write is null)
            return;
        Observers.Guard(() => AddParts(write, untilGiven, untilCommitted, whole));
        Spans.End(write, outcome, error);
    }

    /// <summary>Counts a read that was served, at once or after a wait.</summary>
    public void Read(KvConsistency consistency, ReadSource source)
    {
        try
        {
            _meter?.Reads?.Add(1, Tag("consistency", Name(consistency)), Tag("served", Name(source)));
        }
        catch (Exception)
        {
            // A listener threw. The read goes on.
        }
    }

    /// <summary>A read begins to wait until this node's copy is as fresh as asked for.</summary>
    public CallWatch StartRead(string operation, KvConsistency consistency)
    {
        var read = CallWatch.Begin(Start("raftkv.read", ActivityKind.Client, operation));
        read.Span?.SetTag("raftkv.consistency", Name(consistency));
        return read;
    }

    public void EndRead(CallWatch read, KvConsistency consistency, string outcome, Exception? error)
    {
        Record(_meter?.ReadTimes, read.Elapsed, Tag("consistency", Name(consistency)), Tag("outcome", outcome));
        if (read.Span is { } span)
            Spans.End(span, outcome, error);
    }

    public CallWatch StartCache(string operation) => CallWatch.Begin(Start($"raftkv.cache.{operation}", ActivityKind.Internal, operation));

    public void EndCache(CallWatch call, string operation, string outcome, Exception? error)
    {
        Record(_meter?.CacheTimes, call.Elapsed, Tag("operation", operation), Tag("outcome", outcome));
        if (call.Span is { } span)
            Spans.End(span, outcome, error);
    }

    /// <summary>A write that another node forwarded was committed here.</summary>
    public void Led(ActivityContext write, DateTime received, DateTime committed)
    {
        if (IsTraced)
            _observers.Post(() => Part("raftkv.lead", ActivityKind.Server, write, received, committed));
    }

    /// <summary>Log thread, just after a sync.</summary>
    public void Synced(TimeSpan duration, int batches, DateTime ended) => _observers.Post(() =>
    {
        _meter?.Syncs?.Record(duration.TotalSeconds);
        var started = ended - duration;
        using var sync = _logActivities?.StartActivity("raftkv.fsync", ActivityKind.Internal, parentContext: default, startTime: started);
        foreach (var (name, value) in sync is null ? [] : _identity)
            sync!.SetTag(name, value);
        sync?.SetTag("raftkv.batches", batches);
        sync?.SetEndTime(ended);
    });

    public void Stalled(RaftKvStall stall) =>
        _observers.Post(() => _meter?.Stalls?.Add(1, Tag("cause", stall.Cause.ToString().ToLowerInvariant())));

    public void Elected() => _observers.Post(() => _meter?.Elections?.Add(1));

    public void TookSnapshot(bool ok) =>
        _observers.Post(() => _meter?.Snapshots?.Add(1, Tag("outcome", ok ? "taken" : "failed")));

    public void Dispose()
    {
        _observers.PostAlways(() => _meter?.Dispose());
        _observers.PostAlways(() => _activities?.Dispose());
        _observers.PostAlways(() => _logActivities?.Dispose());
    }

    private static string Name(KvConsistency consistency) => consistency switch
    {
        KvConsistency.LeaderLease => "leader_lease",
        KvConsistency.Stale => "stale",
        _ => "linearizable",
    };

    private static string Name(ReadSource source) => source switch
    {
        ReadSource.OwnCopy => "own_copy",
        ReadSource.Lease => "lease",
        ReadSource.ReadIndex => "read_index",
        _ => "without_leader",
    };

    private static KeyValuePair<string, object?> Tag(string name, string value) => new(name, value);

    private static bool IsOn(Instrument? instrument) => instrument is { Enabled: true };

    private static void Record(Histogram<double>? histogram, TimeSpan time, params ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        try
        {
            histogram?.Record(time.TotalSeconds, tags);
        }
        catch (Exception)
        {
            // A listener threw. The outcome of the call stays the same.
        }
    }

    private Activity? Start(string name, ActivityKind kind, string operation) => Spans.Start(_activities, name, kind, _identity, operation);

    private void AddParts(Activity write, TimeSpan untilGiven, TimeSpan untilCommitted, TimeSpan whole)
    {
        var begun = write.StartTimeUtc;
        write.SetEndTime(begun + whole);
        Part("raftkv.propose", ActivityKind.Internal, write.Context, begun, begun + untilGiven);
        Part("raftkv.replicate", ActivityKind.Internal, write.Context, begun + untilGiven, begun + untilCommitted);
        Part("raftkv.apply", ActivityKind.Internal, write.Context, begun + untilCommitted, begun + whole);
    }

    private void Part(string name, ActivityKind kind, ActivityContext parent, DateTime from, DateTime to)
    {
        using var span = _activities?.StartActivity(name, kind, parent, startTime: from);
        span?.SetEndTime(to);
    }
}
