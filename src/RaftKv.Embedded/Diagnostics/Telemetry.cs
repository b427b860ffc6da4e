using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace RaftKv.Embedded.Diagnostics;

/// <summary>
/// The meter and the traces of one replica; docs/operations.md lists the names, which are stable. Costs a look at a flag while nobody listens.
/// </summary>
internal sealed class Telemetry : IDisposable
{
    public const string Name = "RaftKv";

    private readonly Meter _meter;
    private readonly ActivitySource _activities = new(Name);
    private readonly Histogram<double> _writes;
    private readonly Histogram<double> _syncs;
    private readonly Counter<long> _stalls;
    private readonly Counter<long> _elections;
    private readonly Counter<long> _snapshots;

    /// <param name="status">What the gauges show; <c>null</c> while there is nothing to show.</param>
    public Telemetry(string nodeId, Func<RaftKvStatus?> status)
    {
        _meter = new Meter(Name, version: null, [new("raftkv.node", nodeId)]);
        _writes = _meter.CreateHistogram<double>("raftkv.write.duration", "s", "From the call to its outcome, by outcome.");
        _syncs = _meter.CreateHistogram<double>("raftkv.log.sync.duration", "s", "One write and sync of a batch to the log.");
        _stalls = _meter.CreateCounter<long>("raftkv.stalls", "{stall}", "Moments at which the node did not get on, by cause.");
        _elections = _meter.CreateCounter<long>("raftkv.elections", "{election}", "Changes of the leader this node has seen.");
        _snapshots = _meter.CreateCounter<long>("raftkv.snapshots", "{snapshot}", "Snapshots this node has taken, by outcome.");
        Gauge("raftkv.leader", "{leader}", "1 on the node that leads.", s => s.Role == RaftKvRole.Leader ? 1 : 0);
        Gauge("raftkv.ready", "{node}", "1 while the node serves.", s => s.IsReady ? 1 : 0);
        Gauge("raftkv.term", "{term}", "The current term.", s => s.Term);
        Gauge("raftkv.index.committed", "{entry}", "The last entry known to be committed.", s => s.CommitIndex);
        Gauge("raftkv.index.applied", "{entry}", "The last entry applied.", s => s.AppliedIndex);
        Gauge("raftkv.index.verified", "{entry}", "The last entry at which all copies were compared, on the leader.", s => s.VerifiedIndex);
        Gauge("raftkv.log.entries", "{entry}", "Entries in the log.", s => s.LastIndex - s.FirstIndex + 1);
        Gauge("raftkv.keys", "{key}", "Keys in the store.", s => s.KeyCount);
        _meter.CreateObservableGauge("raftkv.member.lag", () => Lags(status()), "{entry}", "How far a member's log is behind the leader's, by member; on the leader.");

        void Gauge(string name, string unit, string description, Func<RaftKvStatus, long> read) =>
            _meter.CreateObservableGauge(name, () => status() is { } now ? [new Measurement<long>(read(now))] : (IEnumerable<Measurement<long>>)[], unit, description);
    }

    /// <summary>Whether anybody wants to know about single calls.</summary>
    public bool WatchesWrites => _writes.Enabled || _activities.HasListeners();

    public bool WatchesSyncs => _syncs.Enabled || _activities.HasListeners();

    /// <summary>Begins the trace of a write, under the caller's; <c>null</c> when nobody records it.</summary>
    public Activity? StartWrite() => _activities.StartActivity("raftkv.write", ActivityKind.Client);

    /// <summary>A write has its outcome: its three parts become spans of their own.</summary>
    public void EndWrite(Activity? write, TimeSpan untilGiven, TimeSpan untilCommitted, TimeSpan whole, string outcome)
    {
        _writes.Record(whole.TotalSeconds, new KeyValuePair<string, object?>("outcome", outcome));
        if (write is null)
            return;
        write.SetTag("raftkv.outcome", outcome);
        var begun = write.StartTimeUtc;
        Span("raftkv.propose", write.Context, begun, begun + untilGiven);
        Span("raftkv.replicate", write.Context, begun + untilGiven, begun + untilCommitted);
        Span("raftkv.apply", write.Context, begun + untilCommitted, begun + whole);
        write.SetEndTime(begun + whole);
        write.Dispose();
    }

    /// <summary>A write that another node forwarded was committed here.</summary>
    public void Led(ActivityContext write, DateTime received, DateTime committed)
    {
        using var span = _activities.StartActivity("raftkv.lead", ActivityKind.Server, write, startTime: received);
        span?.SetEndTime(committed);
    }

    /// <summary>Log thread.</summary>
    public void Synced(TimeSpan duration, int batches)
    {
        _syncs.Record(duration.TotalSeconds);
        using var sync = _activities.StartActivity("raftkv.fsync", ActivityKind.Internal, parentContext: default);
        if (sync is null)
            return;
        sync.SetStartTime(sync.StartTimeUtc - duration);
        sync.SetTag("raftkv.batches", batches);
    }

    public void Stalled(RaftKvStall stall) => _stalls.Add(1, new KeyValuePair<string, object?>("cause", stall.Cause.ToString().ToLowerInvariant()));

    public void Elected() => _elections.Add(1);

    public void TookSnapshot(bool ok) => _snapshots.Add(1, new KeyValuePair<string, object?>("outcome", ok ? "taken" : "failed"));

    public void Dispose()
    {
        _meter.Dispose();
        _activities.Dispose();
    }

    private void Span(string name, ActivityContext parent, DateTime from, DateTime to)
    {
        using var span = _activities.StartActivity(name, ActivityKind.Internal, parent, startTime: from);
        span?.SetEndTime(to);
    }

    private static IEnumerable<Measurement<long>> Lags(RaftKvStatus? status)
    {
        foreach (var member in status?.Members ?? [])
        {
            if (member.Match is { } match)
                yield return new Measurement<long>(Math.Max(0, status!.LastIndex - match), new KeyValuePair<string, object?>("member", member.NodeId));
        }
    }
}
