using System.Diagnostics.Metrics;

namespace RaftKv.Embedded.Diagnostics;

/// <summary>
/// The instruments of one replica. A listener is called while an instrument is created, recorded or disposed; an instrument whose creation throws is
/// missing.
/// </summary>
internal sealed class ReplicaMeter : IDisposable
{
    private readonly Meter _meter;

    /// <param name="status">What the gauges show; <c>null</c> while there is nothing to show.</param>
    public ReplicaMeter(string nodeId, Func<RaftKvStatus?> status)
    {
        _meter = new Meter(Telemetry.Name, version: null, [new("raftkv.node", nodeId)]);
        Writes = Create(() => _meter.CreateHistogram<double>("raftkv.write.duration", "s", "From the call to its outcome, by outcome."));
        Syncs = Create(() => _meter.CreateHistogram<double>("raftkv.log.sync.duration", "s", "One write and sync of a batch to the log."));
        Stalls = Create(() => _meter.CreateCounter<long>("raftkv.stalls", "{stall}", "Moments at which the node did not get on, by cause."));
        Elections = Create(() => _meter.CreateCounter<long>("raftkv.elections", "{election}", "Changes of the leader this node has seen."));
        Snapshots = Create(() => _meter.CreateCounter<long>("raftkv.snapshots", "{snapshot}", "Snapshots this node has taken, by outcome."));
        Gauge("raftkv.leader", "{leader}", "1 on the node that leads.", s => s.Role == RaftKvRole.Leader ? 1 : 0);
        Gauge("raftkv.ready", "{node}", "1 while the node serves.", s => s.IsReady ? 1 : 0);
        Gauge("raftkv.term", "{term}", "The current term.", s => s.Term);
        Gauge("raftkv.index.committed", "{entry}", "The last entry known to be committed.", s => s.CommitIndex);
        Gauge("raftkv.index.applied", "{entry}", "The last entry applied.", s => s.AppliedIndex);
        Gauge("raftkv.index.verified", "{entry}", "The last entry at which all copies were compared, on the leader.", s => s.VerifiedIndex);
        Gauge("raftkv.log.entries", "{entry}", "Entries in the log.", s => s.LastIndex - s.FirstIndex + 1);
        Gauge("raftkv.keys", "{key}", "Keys in the store.", s => s.KeyCount);
        Create(() => _meter.CreateObservableGauge("raftkv.member.lag", () => Lags(status()), "{entry}",
            "How far a member's log is behind the leader's, by member; on the leader."));

        void Gauge(string name, string unit, string description, Func<RaftKvStatus, long> read) => Create(() =>
            _meter.CreateObservableGauge(name, () => status() is { } now ? [new Measurement<long>(read(now))] : (IEnumerable<Measurement<long>>)[], unit, description));
    }

    public Histogram<double>? Writes { get; }

    public Histogram<double>? Syncs { get; }

    public Counter<long>? Stalls { get; }

    public Counter<long>? Elections { get; }

    public Counter<long>? Snapshots { get; }

    public void Dispose() => _meter.Dispose();

    private static T? Create<T>(Func<T> create) where T : Instrument
    {
        T? instrument = null;
        Observers.Guard(() => instrument = create());
        return instrument;
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
