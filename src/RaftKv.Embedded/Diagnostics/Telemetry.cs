using System.Diagnostics;

namespace RaftKv.Embedded.Diagnostics;

/// <summary>
/// The meter and the traces of one replica; docs/operations.md lists the names, which are stable. Costs a look at a flag while nobody listens.
/// Listeners are the application's code: those that the replica's threads concern are called by <see cref="Observers"/>, those of a write on the thread
/// of its caller, and what they throw changes no outcome.
/// </summary>
internal sealed class Telemetry : IDisposable
{
    public const string Name = "RaftKv";

    private readonly Observers _observers;
    private volatile ReplicaMeter? _meter;
    private volatile ActivitySource? _activities;

    /// <param name="status">What the gauges show; <c>null</c> while there is nothing to show.</param>
    /// <param name="observers">Calls the listeners. Until it has run, there is nothing to listen to.</param>
    public Telemetry(string nodeId, Func<RaftKvStatus?> status, Observers observers)
    {
        _observers = observers;
        observers.PostAlways(() => _activities = new ActivitySource(Name));
        observers.PostAlways(() => _meter = new ReplicaMeter(nodeId, status));
    }

    /// <summary>Whether anybody wants to know about single calls.</summary>
    public bool WatchesWrites => _meter?.Writes is { Enabled: true } || IsTraced;

    public bool WatchesSyncs => _meter?.Syncs is { Enabled: true } || IsTraced;

    private bool IsTraced => _activities is { } activities && activities.HasListeners();

    /// <summary>Begins the trace of a write, under the caller's; <c>null</c> when nobody records it.</summary>
    public Activity? StartWrite()
    {
        var callers = Activity.Current;
        try
        {
            return _activities?.StartActivity("raftkv.write", ActivityKind.Client);
        }
        catch (Exception)
        {
            // A listener threw, and the write is not traced. The activity may be the current one already.
            Activity.Current = callers;
            return null;
        }
    }

    /// <summary>A write has its outcome: its three parts become spans of their own.</summary>
    public void EndWrite(Activity? write, TimeSpan untilGiven, TimeSpan untilCommitted, TimeSpan whole, string outcome)
    {
        Observers.Guard(() => _meter?.Writes?.Record(whole.TotalSeconds, new KeyValuePair<string, object?>("outcome", outcome)));
        if (write is null)
            return;
        Observers.Guard(() => EndTrace(write, untilGiven, untilCommitted, whole, outcome));
        // Also when a listener threw before.
        if (Activity.Current == write)
            Activity.Current = write.Parent;
    }

    /// <summary>A write that another node forwarded was committed here.</summary>
    public void Led(ActivityContext write, DateTime received, DateTime committed)
    {
        if (IsTraced)
            _observers.Post(() => Span("raftkv.lead", ActivityKind.Server, write, received, committed));
    }

    /// <summary>Log thread, just after a sync.</summary>
    public void Synced(TimeSpan duration, int batches, DateTime ended) => _observers.Post(() =>
    {
        _meter?.Syncs?.Record(duration.TotalSeconds);
        using var sync = _activities?.StartActivity("raftkv.fsync", ActivityKind.Internal, parentContext: default, startTime: ended - duration);
        sync?.SetTag("raftkv.batches", batches);
        sync?.SetEndTime(ended);
    });

    public void Stalled(RaftKvStall stall) =>
        _observers.Post(() => _meter?.Stalls?.Add(1, new KeyValuePair<string, object?>("cause", stall.Cause.ToString().ToLowerInvariant())));

    public void Elected() => _observers.Post(() => _meter?.Elections?.Add(1));

    public void TookSnapshot(bool ok) =>
        _observers.Post(() => _meter?.Snapshots?.Add(1, new KeyValuePair<string, object?>("outcome", ok ? "taken" : "failed")));

    public void Dispose()
    {
        _observers.PostAlways(() => _meter?.Dispose());
        _observers.PostAlways(() => _activities?.Dispose());
    }

    private void EndTrace(Activity write, TimeSpan untilGiven, TimeSpan untilCommitted, TimeSpan whole, string outcome)
    {
        write.SetTag("raftkv.outcome", outcome);
        var begun = write.StartTimeUtc;
        Span("raftkv.propose", ActivityKind.Internal, write.Context, begun, begun + untilGiven);
        Span("raftkv.replicate", ActivityKind.Internal, write.Context, begun + untilGiven, begun + untilCommitted);
        Span("raftkv.apply", ActivityKind.Internal, write.Context, begun + untilCommitted, begun + whole);
        write.SetEndTime(begun + whole);
        write.Dispose();
    }

    private void Span(string name, ActivityKind kind, ActivityContext parent, DateTime from, DateTime to)
    {
        using var span = _activities?.StartActivity(name, kind, parent, startTime: from);
        span?.SetEndTime(to);
    }
}
