using Microsoft.Extensions.Logging;
using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Primitives;
using RaftKv.Embedded.StateMachine;
using RaftKv.Embedded.Transport;

namespace RaftKv.Embedded.Node;

/// <summary>
/// One node: the only caller of the core. Everything that happens comes in as a <see cref="ReplicaInput"/>; a turn takes all that waits, steps
/// the core, carries out its effects and sends once per peer.
/// </summary>
internal sealed partial class Replica
{
    private readonly ReplicaContext _context;
    private readonly TurnScheduler _turns;
    private readonly InboundMessages _inbound;
    private readonly QuarantineState _quarantine = new();
    private readonly PeerContacts _contacts = new();
    private readonly PeerAbilities _abilities = new();
    private readonly BootstrapProgress _bootstrap;
    private readonly CallRefusals _refusals;
    private readonly WriteTraces _traces;
    private readonly LogSubmissions _submissions;
    private readonly StatusPublisher _publisher;
    private readonly CopyFreshness _freshness;
    private readonly MemberReports _memberReports;
    private readonly ClusterFeatures _features;
    private readonly PeerDirectory _peers;
    private readonly RollbackProof _proof;
    private readonly MessageSender _sender;
    private readonly ClusterClocks _clocks;
    private readonly SnapshotCoordinator _snapshots;
    private readonly FollowerReads _followerReads;
    private readonly DiskMonitor _diskMonitor;
    private readonly CoreLifecycle _lifecycle;
    private readonly ProposalSender _proposalSender;
    private readonly PendingProposals _proposals;
    private readonly ForwardedProposals _forwardedProposals;
    private readonly PendingReads _reads;
    private readonly MembershipRequests _requests;
    private readonly MemberDiscovery _discovery;
    private readonly ClusterExit _exit;
    private readonly ExpiryScheduler _expiry;
    private readonly StateTransfer _transfer;
    private readonly CopyVerifier _verifier;
    private long _nextSweep;

    public Replica(ReplicaParts parts, RaftKvOptions options, ReplicaClock clock, ILogger log)
    {
        _turns = new TurnScheduler(clock);
        _context = new ReplicaContext(parts, options, clock, log, _turns) { CarryOut = CarryOut };
        _inbound = new InboundMessages(_context, _turns.Kick);
        _stallPatience = options.ElectionTimeout * 4 > LeastStallPatience ? options.ElectionTimeout * 4 : LeastStallPatience;
        var disk = new DiskReserve(options, parts.Disk?.VolumeBytes ?? 0, parts.Disk?.SegmentBytes ?? 0);
        _bootstrap = new BootstrapProgress(_context);
        _refusals = new CallRefusals(_context, _quarantine);
        _traces = new WriteTraces(_context);
        _submissions = new LogSubmissions(parts.LogWriter);
        _publisher = new StatusPublisher(_context, _quarantine, _contacts, _bootstrap);
        _freshness = new CopyFreshness(_context, _quarantine, _publisher);
        _memberReports = new MemberReports(_context, _contacts, _abilities);
        _features = new ClusterFeatures(_context, _abilities);
        _peers = new PeerDirectory(_context);
        _proof = new RollbackProof(_context, _submissions, _peers, _publisher);
        _sender = new MessageSender(_context, _submissions, _peers, _proof);
        _clocks = new ClusterClocks(_context, _contacts, _abilities, _peers);
        _snapshots = new SnapshotCoordinator(_context, _quarantine, _submissions, disk, _publisher);
        _followerReads = new FollowerReads(_context);
        _diskMonitor = new DiskMonitor(_context, _contacts, _publisher, _snapshots, disk);
        _lifecycle = new CoreLifecycle(_context, _clocks, _proof);
        _proposalSender = new ProposalSender(_context, _traces);
        _proposals = new PendingProposals(
            _context, _refusals, _proposalSender, new WriteSession(_context, _proposalSender), _diskMonitor, _features, _lifecycle);
        _forwardedProposals = new ForwardedProposals(_context, _traces, _diskMonitor, _features);
        _reads = new PendingReads(_context, _quarantine, _refusals, _freshness);
        _requests = new MembershipRequests(_context, _lifecycle, _abilities);
        _discovery = new MemberDiscovery(_context, _requests);
        _exit = new ClusterExit(_context, _submissions, _bootstrap, _peers, _discovery, _publisher);
        _expiry = new ExpiryScheduler(_context, _proposalSender);
        _transfer = new StateTransfer(_context, _quarantine, _snapshots, _followerReads, _publisher);
        _verifier = new CopyVerifier(_context, _quarantine, _publisher, _proposals, _reads, _transfer);
        _turns.Attach(this, parts.LogWriter, parts.Applier);
    }

    /// <summary>The threads that take turns.</summary>
    public TurnScheduler Turns => _turns;

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
    public void NoteUse(ReadOnlySpan<byte> key, long version, long expiresAtMs, long slidingMs) => _expiry.RecordAccess(key, version, expiresAtMs, slidingMs);

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

    /// <summary>Transport thread, which sees to it that a turn is taken. Blocks while too many bytes of messages wait.</summary>
    public void PostMessage(PeerHello from, PeerMessage message) => _turns.Post(_inbound.Admit(from, message), wake: false);

    /// <summary>The node belongs to a cluster already. Before anything else is posted.</summary>
    public void Recover(RaftStart start) => _turns.Post(new Formed(start));

    /// <summary>Any thread. Whether something waits for the next turn.</summary>
    public bool HasWork => _turns.HasWork;

    /// <summary>Holder of the turn. When the next turn is due even if nothing comes in, in monotonic ticks.</summary>
    public long Deadline => _context.Core is null ? _nextSweep : Math.Min(_context.Core.Deadline, _nextSweep);

    /// <summary>No call is pending, and the newest batch had one caller.</summary>
    public bool IsIdle => _context.Core is not null && _context.LastBatch <= 1 && _proposals.IsIdle && _reads.IsIdle;

    /// <summary>Holder of the turn, or a thread that keeps turns from being taken; <c>null</c> while the node has no cluster.</summary>
    public RaftCore? Core => _context.Core;

    /// <summary>One turn. Any thread, one at a time.</summary>
    public void RunOnce() => _turns.RunOnce();

    public void End() => _turns.End();

    /// <summary>The inputs of the turn have been taken.</summary>
    public void BeginTurn() => _context.Now = _clocks.Read();

    public void Turn(List<ReplicaInput> taken)
    {
        try
        {
            foreach (var input in taken)
                Handle(input);
            Drive();
        }
        catch (Exception e)
        {
            Fault(e);
            // Inputs that the turn did not reach are answered as well; a call that has an answer keeps it.
            foreach (var input in taken)
                Refuse(input);
        }
        finally
        {
            taken.Clear();
        }
        _publisher.PublishIfDue();
    }

    /// <summary>Operations that are completed may be used again.</summary>
    public void EndTurn() => _context.Dependencies.Pending.LetGo();

    /// <summary>Refuses every call from now on.</summary>
    public void Close()
    {
        if (_context.IsClosed)
            _publisher.PublishStopped();
        else
            Close(RaftKvRole.Stopped, "This node has stopped.");
    }

    private void Handle(ReplicaInput input)
    {
        if (input is PeerInput received)
            _inbound.Release(received);
        if (_context.IsClosed)
        {
            Refuse(input);
            return;
        }
        switch (input)
        {
            case WriteOperation write: _proposals.Take(write); break;
            case PeerInput message: Receive(message); break;
            case LogWritten written: _sender.OnLogWritten(written); break;
            case ReadBatch batch: _reads.Take(batch); break;
            case CoreAnswer answer: OnAnswer(answer.At(_context.Now)); break;
            case SessionOpened opened: _proposals.OnSessionOpened(opened); break;
            case SessionLost lost: _proposals.OnSessionLost(lost); break;
            case PeerConnected connected: OnPeerConnected(connected); break;
            case AddressesLearned: OnAddressesLearned(); break;
            case NewcomerMet newcomer: _discovery.OnJoinRequest(newcomer); break;
            case NewcomerSettled settled: _discovery.OnSettled(settled); break;
            case PeerLost lost: OnPeerLost(lost); break;
            case RollbackTold told: _proof.OnTold(told); break;
            case RollbackSeen seen: _proof.OnSeen(seen.NodeId); break;
            case NodeMet met: OnMet(met.Node); break;
            case AdminCall call: _requests.Take(call); break;
            case ClusterAbandoned abandoned: _exit.OnAbandoned(abandoned); break;
            case Formed formed: _lifecycle.Start(formed.Start); break;
            case ReplyWanted reply: _context.Transport.Send(reply.To, reply.Reply); break;
            case SnapshotWanted wanted: _snapshots.Request(wanted); break;
            case SnapshotFinished finished:
                _diskMonitor.OnSnapshotFinished(finished.Error is null);
                _snapshots.OnFinished(finished);
                break;
            case SnapshotChecked checkedOne: _snapshots.OnChecked(checkedOne); break;
            case DiskMeasured measured: _diskMonitor.OnMeasured(measured); break;
            case SeedStored stored: _transfer.OnStored(stored); break;
            case SeedLoaded loaded: _transfer.OnLoaded(loaded); break;
            case LeaseReadsWanted: _context.Step(new LeaseWanted(_context.Now)); break;
            case DueCollected collected: _expiry.OnDueCollected(collected); break;
            case ExpiryApplied: _expiry.OnApplied(); break;
            case HandOverWanted wanted: OnHandOverWanted(wanted); break;
            case StopWanted stop: OnStopWanted(stop); break;
            case FaultHappened fault: Fault(fault.Error); break;
            default: throw new System.Diagnostics.UnreachableException();
        }
    }

    /// <summary>What follows from the inputs of a turn, once for all of them.</summary>
    private void Drive()
    {
        if (_context.IsClosed)
            return;
        _proposals.SendNew();
        _reads.Ask();
        _lifecycle.Drive();
        _expiry.Drive();
        if (_context.Now.Ticks >= _nextSweep)
            Sweep();
        _context.Transport.Flush();
    }

    private void Sweep()
    {
        _nextSweep = _context.Now.Ticks + ReplicaContext.SweepInterval;
        _proposals.Sweep();
        _reads.Sweep();
        SweepRemoved();
        _clocks.Sweep();
        _expiry.Sweep();
        _requests.Sweep();
        _peers.Sweep();
        _verifier.Sweep();
        _proof.Sweep();
        _memberReports.Sweep();
        _discovery.Sweep();
        _diskMonitor.Sweep();
        _features.Sweep();
        _snapshots.Sweep();
        ConsiderStopped();
        ReportReady();
    }

    /// <summary>
    /// A node that was removed from its cluster keeps its data, and ends at once every call that needs the cluster. What waits when the removal becomes known is ended once all that is
    /// committed is applied here: until then, the outcome of a write may still become known. No later entry reaches this node.
    /// </summary>
    private void SweepRemoved()
    {
        if (!_context.IsRemoved || _context.Applier.AppliedIndex < _context.Core!.CommitIndex)
            return;
        _reads.FailAll(Errors.Removed(_context.NodeId));
        _proposals.FailAll(() => Errors.Removed(_context.NodeId), () => Errors.RemovedMidway(_context.NodeId));
    }

    private void OnAddressesLearned()
    {
        if (_context.Core is not null)
            _peers.Update();
    }

    private void OnAnswer(RaftEvent answer)
    {
        if (answer is SnapshotInstalled { Ok: true })
        {
            _proposals.MarkUncertain();
            // The state is the leader's now, whatever it was before.
            _transfer.LeaveQuarantine(_context.Applier.AppliedIndex);
        }
        _context.Step(answer);
    }
}
