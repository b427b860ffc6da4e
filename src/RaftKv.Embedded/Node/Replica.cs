using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Transport;

namespace RaftKv.Embedded.Node;

/// <summary>One node of a cluster: builds the loop and its collaborators, and is what other threads use of them.</summary>
internal sealed class Replica
{
    private readonly ReplicaContext _context;
    private readonly TurnScheduler _turns;
    private readonly StatusPublisher _publisher;
    private readonly StatusReader _status;
    private readonly CopyFreshness _freshness;
    private readonly BootstrapProgress _bootstrap;
    private readonly PeerDirectory _peers;
    private readonly ClusterClocks _clocks;
    private readonly ClusterFeatures _features;
    private readonly PendingProposals _proposals;
    private readonly PendingReads _reads;
    private readonly MemberDiscovery _discovery;
    private readonly ExpiryScheduler _expiry;
    private readonly Shutdown _shutdown;
    private readonly SweepSchedule _sweeps;

    public Replica(ReplicaParts parts)
    {
        var ports = parts.Ports;
        _turns = new TurnScheduler(ports.Clock);
        _context = new ReplicaContext(parts, _turns);
        var quarantine = new QuarantineState();
        var contacts = new PeerContacts();
        var abilities = new PeerCapabilities();
        var traces = new WriteTraces(_context);
        var submissions = new LogSubmissions(parts.LogWriter);
        var refusals = new CallRefusals(_context, quarantine);
        _bootstrap = new BootstrapProgress(_context);
        _publisher = new StatusPublisher(_context, quarantine, contacts, _bootstrap);
        _freshness = new CopyFreshness(_context, quarantine, _publisher);
        _features = new ClusterFeatures(_context, abilities);

        // Peers and the log.
        _peers = new PeerDirectory(_context);
        _clocks = new ClusterClocks(_context, contacts, abilities, _peers);
        var reports = new MemberReports(_context, contacts, abilities);
        var proof = new RollbackProof(_context, submissions, _peers, _publisher);
        var sender = new MessageSender(_context, submissions, _peers, proof);
        var lifecycle = new CoreLifecycle(_context, _clocks, proof);

        // Disk and snapshots.
        var reserve = new DiskReserve(ports.Options, ports.Disk?.VolumeBytes ?? 0, ports.Disk?.SegmentBytes ?? 0);
        var exchange = new SnapshotExchange(_context);
        var snapshots = new SnapshotCoordinator(_context, quarantine, submissions, reserve, exchange, _publisher);
        var disk = new DiskMonitor(_context, contacts, _publisher, snapshots, reserve);
        var followerReads = new FollowerReads(_context, exchange);
        var transfer = new StateTransfer(_context, quarantine, snapshots, exchange, _publisher);

        // Calls.
        var proposalSender = new ProposalSender(_context, traces);
        var session = new WriteSession(_context, proposalSender);
        _proposals = new PendingProposals(_context, refusals, proposalSender, session, disk, _features, lifecycle);
        _reads = new PendingReads(_context, quarantine, refusals, _freshness);
        _expiry = new ExpiryScheduler(_context, proposalSender);
        var forwarded = new ForwardedProposals(_context, traces, disk, _features);
        var requests = new MembershipRequests(_context, lifecycle, abilities);
        _discovery = new MemberDiscovery(_context, requests);
        var exit = new ClusterExit(_context, submissions, _bootstrap, _peers, _discovery, _publisher);
        var verifier = new CopyVerifier(_context, quarantine, _publisher, _proposals, _reads, transfer);
        _shutdown = new Shutdown(_context, refusals, _publisher, _proposals, _reads, requests, snapshots);

        // Status.
        var readiness = new NodeReadiness(_context, _publisher, quarantine, _freshness, proof, _shutdown, disk);
        var members = new MemberStatusReader(_context, reports, _clocks);
        _status = new StatusReader(_context, _publisher, readiness, members, quarantine, proof, disk, _clocks, _features, verifier);

        // The loop.
        var roles = new RoleChanges(_context, _publisher, _bootstrap, _peers, _features, requests, disk, _expiry, _proposals, _reads);
        var executor = new EffectExecutor(
            _context, _publisher, traces, submissions, sender, _reads, _proposals, requests, _shutdown, followerReads, snapshots, roles);
        _context.CarryOut = executor.CarryOut;
        var messages = new PeerMessages(
            _context, contacts, _peers, _discovery, traces, forwarded, _proposals, requests, verifier, transfer, disk, reports, _clocks,
            proof);
        var peerEvents = new PeerEvents(_context, messages, _peers, abilities, _discovery, proof, _clocks, _proposals, requests);
        var diskEvents = new DiskEvents(_context, sender, snapshots, disk, transfer, _proposals);
        _sweeps = new SweepSchedule(_context,
        [
            _proposals.Sweep,
            _reads.Sweep,
            _shutdown.EndCallsIfRemoved,
            _clocks.Sweep,
            _expiry.Sweep,
            requests.Sweep,
            _peers.Sweep,
            verifier.Sweep,
            proof.Sweep,
            reports.Sweep,
            _discovery.Sweep,
            disk.Sweep,
            _features.Sweep,
            snapshots.Sweep,
            _shutdown.Sweep,
            readiness.Sweep,
        ]);
        _turns.Attach(_context, new ReplicaLoop(
            _context, _turns, lifecycle, _proposals, _reads, peerEvents, diskEvents, requests, exit, _expiry, _shutdown, _publisher,
                _sweeps));
    }

    /// <summary>Decides which thread takes the next turn, and when.</summary>
    public TurnScheduler Turns => _turns;

    /// <summary>Raised once, by the holder of the turn, when the node stops taking part because of an error.</summary>
    public event Action? Faulted
    {
        add => _shutdown.Faulted += value;
        remove => _shutdown.Faulted -= value;
    }

    /// <inheritdoc cref="StatusReader.Read"/>
    public RaftKvStatus Status => _status.Read();

    /// <summary>Any thread. The role that was published last, as in <see cref="Status"/>.</summary>
    public RaftKvRole Role => _publisher.Parts.Role;

    /// <summary>Any thread. Whether this node serves, and if not, why.</summary>
    public RaftKvReadiness Readiness => _status.Readiness;

    /// <summary>Any thread. Whether this node serves linearizable reads and writes now.</summary>
    public bool IsReady => Readiness == RaftKvReadiness.Ready;

    /// <inheritdoc cref="PeerDirectory.PublishedConfiguration"/>
    public ClusterConfiguration PublishedConfiguration => _peers.PublishedConfiguration;

    /// <inheritdoc cref="StatusPublisher.LeaderId"/>
    public string? LeaderId => _publisher.LeaderId;

    /// <summary>Any thread. Whether a leader is known.</summary>
    public bool IsLed => LeaderId is not null;

    /// <inheritdoc cref="StatusPublisher.CommitIndex"/>
    public long CommitIndex => _publisher.CommitIndex;

    /// <inheritdoc cref="StatusPublisher.LeaseUntil"/>
    public long LeaseUntil => _publisher.LeaseUntil;

    /// <inheritdoc cref="StatusPublisher.Changed"/>
    public Task Changed => _publisher.Changed;

    /// <inheritdoc cref="StatusPublisher.LastLeaderContact"/>
    public TimeSpan? LastLeaderContact => _publisher.LastLeaderContact;

    /// <inheritdoc cref="StatusPublisher.WithoutLeader"/>
    public TimeSpan? WithoutLeader => _publisher.WithoutLeader;

    /// <inheritdoc cref="StatusPublisher.SilentVoters"/>
    public IReadOnlyList<string> SilentVoters => _publisher.SilentVoters;

    /// <inheritdoc cref="CopyFreshness.HasCaughtUp"/>
    public bool HasCaughtUp => _freshness.HasCaughtUp;

    /// <inheritdoc cref="CopyFreshness.IsLeaderless"/>
    public bool IsLeaderless => _freshness.IsLeaderless;

    /// <inheritdoc cref="CopyFreshness.ServesWithoutLeader"/>
    public bool ServesWithoutLeader => _freshness.ServesWithoutLeader;

    /// <inheritdoc cref="CopyFreshness.ServesOwnCopy"/>
    public bool ServesOwnCopy => _freshness.ServesOwnCopy;

    /// <inheritdoc cref="CopyFreshness.Age"/>
    public TimeSpan Age => _freshness.Age;

    /// <inheritdoc cref="ClusterClocks.ToWallTime"/>
    public long ToWallTime(long logTimeMs) => _clocks.ToWallTime(logTimeMs);

    /// <inheritdoc cref="PendingProposals.RouteNumber"/>
    public long RouteNumber => _proposals.RouteNumber;

    /// <inheritdoc cref="MemberDiscovery.JoinRequests"/>
    public JoinRequests JoinRequests => _discovery.JoinRequests;

    /// <inheritdoc cref="PendingReads.Join"/>
    public ReadBatch JoinReads(out bool isNew, bool mayBeStale = false) => _reads.Join(out isNew, mayBeStale);

    /// <inheritdoc cref="PendingReads.WantLease"/>
    public void WantLease() => _reads.WantLease();

    /// <inheritdoc cref="ExpiryScheduler.RecordAccess"/>
    public void RecordAccess(ReadOnlySpan<byte> key, long version, long expiresAtMs, long slidingMs) =>
        _expiry.RecordAccess(key, version, expiresAtMs, slidingMs);

    /// <inheritdoc cref="BootstrapProgress.IsSettled"/>
    public bool IsSettled => _bootstrap.IsSettled;

    /// <inheritdoc cref="BootstrapProgress.HoldsNothing"/>
    public bool HoldsNothing => _bootstrap.HoldsNothing;

    /// <inheritdoc cref="ClusterFeatures.Limits"/>
    public ClusterLimits Limits => _features.Limits.Cluster;

    /// <inheritdoc cref="CopyFreshness.IsAtMost"/>
    public bool IsAtMost(TimeSpan maxAge) => _freshness.IsAtMost(maxAge);

    /// <inheritdoc cref="CopyFreshness.NotServing"/>
    public RaftKvUnavailableException NotServing() => _freshness.NotServing();

    public void Post(ReplicaInput input) => _turns.Post(input);

    /// <summary>Transport thread, which must have a turn taken afterwards. Blocks while too many bytes of messages wait.</summary>
    public void PostMessage(PeerHello from, PeerMessage message) => _turns.PostMessage(from, message);

    /// <summary>The node belongs to a cluster already. Called before anything else is posted.</summary>
    public void Recover(RaftStart start)
    {
        _peers.Recover(start);
        _turns.Post(new Bootstrapped(start));
    }

    /// <summary>Any thread. Whether something waits for the next turn.</summary>
    public bool HasWork => _turns.HasWork;

    /// <inheritdoc cref="TurnScheduler.Deadline"/>
    public long Deadline => _turns.Deadline;

    /// <summary>Holder of the turn, or a thread that keeps turns from being taken; <c>null</c> while the node has no cluster.</summary>
    public RaftCore? Core => _context.Core;

    /// <inheritdoc cref="TurnScheduler.RunOnce"/>
    public void RunOnce() => _turns.RunOnce();

    /// <summary>Holder of the turn, between turns. Sweeps and publishes the status now, for a node whose clock may stand still.</summary>
    public void Settle()
    {
        _sweeps.Run();
        _publisher.Publish();
    }

    /// <inheritdoc cref="TurnScheduler.End"/>
    public void End() => _turns.End();
}
