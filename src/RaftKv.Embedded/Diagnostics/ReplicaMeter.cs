using System.Diagnostics.Metrics;

namespace RaftKv.Embedded.Diagnostics;

/// <summary>
/// The instruments of one replica. A listener is called while an instrument is created, recorded or disposed; an instrument whose creation
/// throws is missing.
/// </summary>
internal sealed class ReplicaMeter : IDisposable
{
    /// <summary>Bounds of the buckets of every duration, in seconds: from a sync of a fast disk to the longest wait of a call.</summary>
    private static readonly InstrumentAdvice<double> Seconds = new()
    {
        HistogramBucketBoundaries = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    };

    private readonly Meter _meter;

    /// <param name="identity">The tags of every measurement: the node, and the cluster if it has a name.</param>
    /// <param name="sources">The values of the observable instruments.</param>
    /// <param name="leases">Leases and locks of this process.</param>
    public ReplicaMeter(KeyValuePair<string, object?>[] identity, MeterSources sources, LeaseTelemetry leases)
    {
        _meter = new Meter(RaftKvTelemetry.MeterName, version: null, identity);
        Writes = Durations("raftkv.write.duration", "From the call of a write to its outcome.");
        Reads = Counter("raftkv.reads", "{read}", "Reads that were served, by what made them as fresh as asked for.");
        ReadTimes = Durations("raftkv.read.duration", "From the call of a read that waits to its outcome.");
        CacheTimes = Durations("raftkv.cache.operation.duration", "From the call of a distributed cache to its outcome.");
        Syncs = Durations("raftkv.log.sync.duration", "One write and sync of a batch to the log.");
        Stalls = Counter("raftkv.stalls", "{stall}", "Periods in which the node made no progress.");
        Elections = Counter("raftkv.elections", "{election}", "Changes of the leader that this node has seen.");
        Snapshots = Counter("raftkv.snapshots", "{snapshot}", "Snapshots that this node has taken.");
        LockTimes = Durations("raftkv.lock.acquire.duration", "From the call for a lock or leadership to its outcome.");
        LocksEnded = Counter("raftkv.locks.ended", "{lock}", "Locks that this process held and holds no longer.");
        LeasesGranted = Counter("raftkv.leases.granted", "{lease}", "Leases that were granted to this process.");
        LeasesEnded = Counter("raftkv.leases.ended", "{lease}", "Leases that this process held and holds no longer.");
        Gauge("raftkv.locks.held", "{lock}", "Locks and leaderships that this process holds.", () => leases.HeldLocks);
        Gauge("raftkv.leases.held", "{lease}", "Leases that this process keeps alive.", () => leases.HeldLeases);
        Gauge("raftkv.leases", "{lease}", "Leases that live in the cluster.", sources.Leases);
        Create(() => _meter.CreateObservableCounter(
            "raftkv.keys.expired", () => Expired(sources), "{key}", "Keys that expired, or were deleted with their lease."));
        AddStatus(sources.Status);
    }

    public Histogram<double>? Writes { get; }

    public Counter<long>? Reads { get; }

    public Histogram<double>? ReadTimes { get; }

    public Histogram<double>? CacheTimes { get; }

    public Histogram<double>? Syncs { get; }

    public Counter<long>? Stalls { get; }

    public Counter<long>? Elections { get; }

    public Counter<long>? Snapshots { get; }

    public Histogram<double>? LockTimes { get; }

    public Counter<long>? LocksEnded { get; }

    public Counter<long>? LeasesGranted { get; }

    public Counter<long>? LeasesEnded { get; }

    public void Dispose() => _meter.Dispose();

    private static T? Create<T>(Func<T> create) where T : Instrument
    {
        T? instrument = null;
        Observers.Guard(() => instrument = create());
        return instrument;
    }

    private static Measurement<long>[] Expired(MeterSources sources) =>
    [
        new(sources.ExpiredKeys(), new KeyValuePair<string, object?>("cause", "time_to_live")),
        new(sources.RevokedKeys(), new KeyValuePair<string, object?>("cause", "lease")),
    ];

    private static IEnumerable<Measurement<long>> Lags(RaftKvStatus? status)
    {
        // Only on the leader: the other nodes know the values only from its reports, which are up to 1 second old.
        if (status is not { Role: RaftKvRole.Leader })
            yield break;
        foreach (var member in status.Members)
        {
            if (member.MatchIndex is { } match)
            {
                var tag = new KeyValuePair<string, object?>("member", member.NodeId);
                yield return new Measurement<long>(Math.Max(0, status.LastIndex - match), tag);
            }
        }
    }

    private void AddStatus(Func<RaftKvStatus?> status)
    {
        Gauge("raftkv.leader", "{leader}", "1 on the node that leads.", s => s.Role == RaftKvRole.Leader ? 1 : 0);
        Gauge("raftkv.ready", "{node}", "1 while the node is ready.", s => s.IsReady ? 1 : 0);
        Gauge("raftkv.term", "{term}", "The current term.", s => s.Term);
        Gauge("raftkv.index.committed", "{entry}", "The last entry known to be committed.", s => s.CommitIndex);
        Gauge("raftkv.index.applied", "{entry}", "The last entry applied.", s => s.AppliedIndex);
        Gauge("raftkv.index.verified", "{entry}", "The last entry at which all copies were compared, on the leader.", s => s.VerifiedIndex);
        Gauge("raftkv.log.entries", "{entry}", "Entries in the log.", s => s.LastIndex - s.FirstIndex + 1);
        Gauge("raftkv.keys", "{key}", "Keys in the store.", s => s.KeyCount);
        Gauge("raftkv.disk.free", "By", "Free bytes on the volume of the data directory.", s => s.FreeDiskBytes);
        Create(() => _meter.CreateObservableGauge("raftkv.member.lag", () => Lags(status()), "{entry}",
            "How many entries the log of a member is behind the leader's; on the leader."));

        void Gauge(string name, string unit, string description, Func<RaftKvStatus, long?> read) =>
            Create(() => _meter.CreateObservableGauge(name, () => Measured(read), unit, description));

        IEnumerable<Measurement<long>> Measured(Func<RaftKvStatus, long?> read) =>
            status() is { } now && read(now) is { } value ? [new Measurement<long>(value)] : [];
    }

    private Histogram<double>? Durations(string name, string description) =>
        Create(() => _meter.CreateHistogram(name, "s", description, tags: null, Seconds));

    private Counter<long>? Counter(string name, string unit, string description) =>
        Create(() => _meter.CreateCounter<long>(name, unit, description));

    private void Gauge(string name, string unit, string description, Func<long> read) =>
        Create(() => _meter.CreateObservableGauge(name, read, unit, description));
}
