using Microsoft.Extensions.Logging;
using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Primitives;
using RaftKv.Embedded.StateMachine;

namespace RaftKv.Embedded.Node;

/// <summary>
/// One node: the only caller of the core. Everything that happens comes in as a <see cref="ReplicaInput"/>; a turn takes all that waits, steps
/// the core, carries out its effects and sends once per peer. Knows nothing of threads: a thread, or a simulator, calls <see cref="RunOnce"/>.
/// </summary>
internal sealed partial class Replica
{
    /// <summary>How often deadlines of callers are looked at.</summary>
    private static readonly long SweepInterval = TimeSpan.FromMilliseconds(20).Ticks;

    private readonly ReplicaParts _parts;
    private readonly RaftKvOptions _options;
    private readonly ReplicaClock _clock;
    private readonly ILogger _log;
    private readonly WorkQueue<ReplicaInput> _inbox = new();
    private readonly List<RaftEffect> _effects = [];
    private List<ReplicaInput> _taken = [];
    private RaftCore? _core;
    private Moment _now;
    private long _reportedApplied;
    private long _nextSweep;
    private long _nextRequestId;

    // When the next turn is due by the clock, and until when the replica's thread sleeps: a turn on another thread may have to wake it.
    private long _due;
    private long _sleepsUntil = long.MinValue;
    private bool _idle;
    private int _lastBatch;
    private volatile bool _stopping;
    private volatile bool _closed;

    public Replica(ReplicaParts parts, RaftKvOptions options, ReplicaClock clock, ILogger log)
    {
        (_parts, _options, _clock, _log) = (parts, options, clock, log);
        _wallClocks = new WallClocks(options.NodeId);
        _now = clock.Now;
        _statusParts = StatusParts.Unformed;
        // Begins at random, so that an answer from before a restart fits none of this process's requests.
        _nextRequestId = (long)(new Prng(parts.Settings.Seed).Next() >> 2);
        _stallPatience = options.ElectionTimeout * 4 > LeastStallPatience ? options.ElectionTimeout * 4 : LeastStallPatience;
        _isSolo = BootstrapMode.Of(options) == RaftKvBootstrap.SingleNode;
        _disk = new DiskReserve(options, parts.Disk?.VolumeBytes ?? 0, parts.Disk?.SegmentBytes ?? 0);
        _limits = new RecordLimits(ClusterLimits.Of(options));
        parts.Applier.Notify += Post;
        parts.LogWriter.Written += written => Post(written, wake: false);
    }

    public void Post(ReplicaInput input) => Post(input, wake: true);

    /// <summary>Without <paramref name="wake"/>, the caller sees to it that a turn is taken.</summary>
    public void Post(ReplicaInput input, bool wake)
    {
        if (!_inbox.Post(input, wake))
            Refuse(input);
    }

    /// <summary>The node belongs to a cluster already. Before anything else is posted.</summary>
    public void Recover(RaftStart start) => Post(new Formed(start));

    /// <summary>
    /// Any thread; a moment later it may be otherwise. Nobody waits for anything, and callers have come one by one: those that come many at a time are better served
    /// together.
    /// </summary>
    public bool IsIdle => Volatile.Read(ref _idle);

    /// <summary>Any thread. Whether something waits for the next turn.</summary>
    public bool HasWork => !_inbox.IsEmpty;

    /// <summary>Holder of the turn. When the next turn is due even if nothing comes in, in monotonic ticks.</summary>
    public long Deadline => _core is null ? _nextSweep : Math.Min(_core.Deadline, _nextSweep);

    /// <summary>Holder of the turn, or whoever keeps turns from being taken; <c>null</c> while the node has no cluster.</summary>
    public RaftCore? Core => _core;

    /// <summary>Waits for work, at most until the next deadline. Turns may be taken on other threads meanwhile.</summary>
    public void Wait()
    {
        var due = Volatile.Read(ref _due);
        Volatile.Write(ref _sleepsUntil, due);
        Interlocked.MemoryBarrier();
        // A turn that has moved the deadline forward since saw no sleeper it would have to wake.
        due = Math.Min(due, Volatile.Read(ref _due));
        // Rounded up: waking a moment early would only mean to turn twice.
        var wait = (due - _clock.Ticks + TimeSpan.TicksPerMillisecond - 1) / TimeSpan.TicksPerMillisecond;
        _inbox.Wait((int)Math.Clamp(wait, 0, 1000));
        Volatile.Write(ref _sleepsUntil, long.MinValue);
    }

    /// <summary>One turn. Any thread, one at a time.</summary>
    public void RunOnce()
    {
        Turn();
        Volatile.Write(ref _idle, _core is not null && _lastBatch <= 1 && _unsequenced.Count == 0 && _asked.Count == 0 && _parts.Pending.IsEmpty);
        _parts.Pending.LetGo();
        Volatile.Write(ref _due, Deadline);
        Interlocked.MemoryBarrier();
        if (_due < Volatile.Read(ref _sleepsUntil))
            Kick();
    }

    private void Turn()
    {
        // The inbox is taken first and the clock is read second, because the thread may be stopped between the two and no input may be dated before it arrived.
        // - A promise to the leader would begin, and end, before the leader's question was sent: two nodes could serve reads.
        // - An entry would be stamped before its caller sent it: a lease could end before its holder expects it.
        // A reading that is late is safe for both: the promise and the key last longer. It is safe for the leader's lease as well: the lease counts from the reading of the turn
        // that sends the question, which is before the question leaves. Timeouts that a late reading finds passed while messages wait in the inbox are not acted
        // upon at once: the core waits for another heartbeat when it is late.
        _inbox.TakeAll(ref _taken);
        _now = ReadClock();
        try
        {
            foreach (var input in _taken)
                Handle(input);
            Drive();
        }
        catch (Exception e)
        {
            Fault(e);
            // Also what the turn has not come to is answered; whoever has an answer keeps it.
            foreach (var input in _taken)
                Refuse(input);
        }
        finally
        {
            _taken.Clear();
        }
        Publish();
    }

    /// <summary>Ends a wait.</summary>
    public void Kick() => _inbox.Kick();

    /// <summary>The last thing its thread does: whatever came too late is refused, and whatever comes later refuses itself.</summary>
    public void End()
    {
        if (_closed)
            MarkStopped();
        else
            Close(RaftKvRole.Stopped, "This node has stopped.");
        _inbox.Close();
        RunOnce();
    }

    private void Handle(ReplicaInput input)
    {
        if (input is PeerInput received)
            Received(received);
        if (_closed)
        {
            Refuse(input);
            return;
        }
        switch (input)
        {
            case WriteOperation write: TakeWrite(write); break;
            case PeerInput message: Receive(message); break;
            case LogWritten written: OnLogWritten(written); break;
            case ReadBatch batch: TakeReads(batch); break;
            case CoreAnswer answer: OnAnswer(answer.At(_now)); break;
            case SessionOpened opened: OnSessionOpened(opened); break;
            case SessionLost lost: OnSessionLost(lost); break;
            case PeerConnected connected: OnPeerConnected(connected); break;
            case AddressesLearned: OnAddressesLearned(); break;
            case NewcomerMet newcomer: OnNewcomer(newcomer); break;
            case NewcomerSettled settled: OnNewcomerSettled(settled); break;
            case PeerLost lost: OnPeerLost(lost); break;
            case RollbackTold told: OnRollbackTold(told); break;
            case RollbackSeen seen: OnRollbackSeen(seen.NodeId); break;
            case NodeMet met: OnMet(met.Node); break;
            case AdminCall call: TakeAdminCall(call); break;
            case ClusterAbandoned abandoned: OnClusterAbandoned(abandoned); break;
            case Formed formed: Form(formed.Start); break;
            case ReplyWanted reply: _parts.Transport.Send(reply.To, reply.Reply); break;
            case SnapshotWanted wanted: OnSnapshotWanted(wanted); break;
            case SnapshotFinished finished: OnSnapshotFinished(finished); break;
            case SnapshotChecked checkedOne: OnSnapshotChecked(checkedOne); break;
            case DiskMeasured measured: OnDiskMeasured(measured); break;
            case SeedStored stored: OnSeedStored(stored); break;
            case SeedLoaded loaded: OnSeedLoaded(loaded); break;
            case LeaseReadsWanted: Step(new LeaseWanted(_now)); break;
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
        if (_closed)
            return;
        SendNewWrites();
        AskForReads();
        if (_core is not null)
        {
            // A snapshot that has just been swapped in is ahead of the core until the core hears that it is installed.
            var applied = Math.Min(_parts.Applier.AppliedIndex, _core.CommitIndex);
            if (applied > _reportedApplied)
            {
                _reportedApplied = applied;
                Step(new Applied(_now, applied));
            }
            // Only after everything that was waiting: what we slept through may be among it.
            if (_now.Ticks >= _core.Deadline)
                Step(new TimePassed(_now));
        }
        ConsiderExpiry();
        if (_now.Ticks >= _nextSweep)
            Sweep();
        _parts.Transport.Flush();
    }

    private void Sweep()
    {
        _nextSweep = _now.Ticks + SweepInterval;
        SweepWrites();
        SweepReads();
        SweepRemoved();
        SweepClocks();
        SweepUses();
        SweepForwarded();
        SweepStrangers();
        SweepIntegrity();
        SweepFencing();
        SweepReports();
        ReportAddresses();
        SweepDisk();
        RaiseFeatureLevel();
        ConsiderSnapshot();
        ConsiderStopped();
        ReportReady();
    }

    /// <summary>The node now belongs to a cluster: the core begins.</summary>
    private void Form(RaftStart start)
    {
        if (_core is not null)
            return;
        // A node that gave up a cluster has another incarnation than the one it started with.
        _core = new RaftCore(_parts.Settings with { Incarnation = _parts.Identity.Incarnation }, start);
        NoteOwnClock();
        _reportedApplied = _parts.Applier.AppliedIndex;
        BeginProof();
        _core.Initialize(_now, _effects);
        CarryOut();
    }

    private void OnAnswer(RaftEvent answer)
    {
        if (answer is SnapshotInstalled { Ok: true })
        {
            DoubtPending();
            // The state is the leader's now, whatever it was before.
            LeaveQuarantine(_parts.Applier.AppliedIndex);
        }
        Step(answer);
    }

    private void Step(RaftEvent input)
    {
        if (_core is null)
            return;
        _core.Step(input, _effects);
        CarryOut();
    }
}
