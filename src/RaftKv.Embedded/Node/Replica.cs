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
    /// <summary>How often deadlines of callers are looked at.</summary>
    private static readonly long SweepInterval = TimeSpan.FromMilliseconds(20).Ticks;

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
    private long _reportedApplied;
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
    public bool IsIdle => _context.Core is not null && _context.LastBatch <= 1 && _unsequenced.Count == 0 && _asked.Count == 0 && _context.Dependencies.Pending.IsEmpty;

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
            case WriteOperation write: TakeWrite(write); break;
            case PeerInput message: Receive(message); break;
            case LogWritten written: _sender.OnLogWritten(written); break;
            case ReadBatch batch: TakeReads(batch); break;
            case CoreAnswer answer: OnAnswer(answer.At(_context.Now)); break;
            case SessionOpened opened: OnSessionOpened(opened); break;
            case SessionLost lost: OnSessionLost(lost); break;
            case PeerConnected connected: OnPeerConnected(connected); break;
            case AddressesLearned: OnAddressesLearned(); break;
            case NewcomerMet newcomer: OnNewcomer(newcomer); break;
            case NewcomerSettled settled: OnNewcomerSettled(settled); break;
            case PeerLost lost: OnPeerLost(lost); break;
            case RollbackTold told: _proof.OnTold(told); break;
            case RollbackSeen seen: _proof.OnSeen(seen.NodeId); break;
            case NodeMet met: OnMet(met.Node); break;
            case AdminCall call: TakeAdminCall(call); break;
            case ClusterAbandoned abandoned: OnClusterAbandoned(abandoned); break;
            case Formed formed: Form(formed.Start); break;
            case ReplyWanted reply: _context.Transport.Send(reply.To, reply.Reply); break;
            case SnapshotWanted wanted: _snapshots.Request(wanted); break;
            case SnapshotFinished finished:
                _diskMonitor.OnSnapshotFinished(finished.Error is null);
                _snapshots.OnFinished(finished);
                break;
            case SnapshotChecked checkedOne: _snapshots.OnChecked(checkedOne); break;
            case DiskMeasured measured: _diskMonitor.OnMeasured(measured); break;
            case SeedStored stored: OnSeedStored(stored); break;
            case SeedLoaded loaded: OnSeedLoaded(loaded); break;
            case LeaseReadsWanted: _context.Step(new LeaseWanted(_context.Now)); break;
            case DueCollected collected: OnDueCollected(collected); break;
            case ExpiryApplied: _expiring = false; break;
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
        SendNewWrites();
        AskForReads();
        if (_context.Core is not null)
        {
            // A snapshot that has just been swapped in is ahead of the core until the core hears that it is installed.
            var applied = Math.Min(_context.Applier.AppliedIndex, _context.Core.CommitIndex);
            if (applied > _reportedApplied)
            {
                _reportedApplied = applied;
                _context.Step(new Applied(_context.Now, applied));
            }
            // Only after everything that was waiting: what we slept through may be among it.
            if (_context.Now.Ticks >= _context.Core.Deadline)
                _context.Step(new TimePassed(_context.Now));
        }
        ConsiderExpiry();
        if (_context.Now.Ticks >= _nextSweep)
            Sweep();
        _context.Transport.Flush();
    }

    private void Sweep()
    {
        _nextSweep = _context.Now.Ticks + SweepInterval;
        SweepWrites();
        SweepReads();
        SweepRemoved();
        _clocks.Sweep();
        SweepUses();
        SweepForwarded();
        _peers.Sweep();
        SweepIntegrity();
        _proof.Sweep();
        _memberReports.Sweep();
        ReportAddresses();
        _diskMonitor.Sweep();
        _features.Sweep();
        _snapshots.Sweep();
        ConsiderStopped();
        ReportReady();
    }

    /// <summary>The node now belongs to a cluster: the core begins.</summary>
    private void Form(RaftStart start)
    {
        if (_context.Core is not null)
            return;
        // A node that gave up a cluster has another incarnation than the one it started with.
        _context.Core = new RaftCore(_context.Dependencies.Settings with { Incarnation = _context.Identity.Incarnation }, start);
        _clocks.RecordOwn();
        _reportedApplied = _context.Applier.AppliedIndex;
        _proof.Begin();
        _context.Core.Initialize(_context.Now, _context.Effects);
        CarryOut();
    }

    private void OnAnswer(RaftEvent answer)
    {
        if (answer is SnapshotInstalled { Ok: true })
        {
            DoubtPending();
            // The state is the leader's now, whatever it was before.
            LeaveQuarantine(_context.Applier.AppliedIndex);
        }
        _context.Step(answer);
    }
}
