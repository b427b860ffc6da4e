using RaftKv.Embedded.Log;
using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Consensus;

/// <summary>
/// A replica's part in the consensus, as a pure function: events in, effects out. The same start, seed and events always give the same
/// effects; there is no clock, no disk, no network and no thread in here. The order of the effects is the contract
/// (<see cref="RaftEffect"/>).
/// </summary>
/// <remarks>
/// References are to Ongaro and Ousterhout, "In Search of an Understandable Consensus Algorithm" (Raft §n) and to Ongaro's dissertation.
/// </remarks>
internal sealed class RaftCore
{
    /// <summary>The answer to requests that only a leader can carry out.</summary>
    public const string NotLeading = "This node does not lead.";

    /// <inheritdoc cref="MembershipChanges.JoinTimeout"/>
    public static readonly long JoinTimeout = MembershipChanges.JoinTimeout;

    private readonly ReplicaState _replica;
    private readonly RoleState _roles;
    private readonly OwnMembership _membership;
    private readonly ReadIndexes _reads;
    private readonly LeadershipTransfer _transfer;
    private readonly SnapshotReceiver _snapshots;
    private readonly Elections _elections;
    private readonly long _knownCommitted;
    private long _checkedTerm;
    private long _checkedCommit;

    public RaftCore(RaftSettings settings, RaftStart start)
    {
        _replica = new ReplicaState(settings, start);
        _roles = new RoleState(_replica);
        _membership = new OwnMembership(_replica, _roles);
        _reads = new ReadIndexes(_replica, _roles);
        _transfer = new LeadershipTransfer(_replica);
        _snapshots = new SnapshotReceiver(_replica, _roles, _membership);
        _elections = new Elections(_replica, _roles, _membership, _reads, _transfer, _snapshots);
        _knownCommitted = start.Committed.Index;
        Invariant.Holds(_knownCommitted == 0 || start.HasInLog(start.Committed), "what is known to be committed is in the log");
        Invariant.Holds(Term >= Log.LastTerm, "the log has no entry of a later term");
        Invariant.Holds(Log.Base.Index <= start.Snapshot.Index && start.Snapshot.Index <= Log.LastIndex, "log and snapshot leave no gap");
    }

    public RaftRole Role => _roles.Role;

    public long Term => _replica.Term;

    public string? VotedFor => _replica.Vote.VotedFor;

    public string? LeaderId => _roles.LeaderId;

    public long CommitIndex => _replica.CommitIndex;

    public long AppliedIndex => Log.Applied;

    /// <summary>The first entry still in the log.</summary>
    public long FirstIndex => Log.FirstIndex;

    public long LastIndex => Log.LastIndex;

    public long LastTerm => Log.LastTerm;

    /// <summary>Up to here this node's log is on its disk.</summary>
    public long DurableIndex => Log.DurableIndex;

    /// <summary>The bytes of the entries in memory that are not applied yet.</summary>
    public long UnappliedBytes => Log.UnappliedBytes;

    /// <inheritdoc cref="RaftLog.UndurableBytes"/>
    public long UndurableBytes => Log.UndurableBytes;

    /// <inheritdoc cref="RaftLog.AppendedBytes"/>
    public long AppendedBytes => Log.AppendedBytes;

    /// <inheritdoc cref="RaftLog.HeldBytes"/>
    public long HeldBytes => Log.HeldBytes;

    /// <inheritdoc cref="SnapshotReceiver.WaitingBytes"/>
    public long WaitingSnapshotBytes => _snapshots.WaitingBytes;

    public EntryId SnapshotId => _replica.SnapshotId;

    public long SnapshotIndex => SnapshotId.Index;

    public long SnapshotTerm => SnapshotId.Term;

    /// <inheritdoc cref="ReplicaState.Configuration"/>
    public ClusterConfiguration Configuration => _replica.Configuration;

    public long ConfigurationIndex => _replica.ConfigurationIndex;

    public long CommittedConfigurationIndex => _replica.Configurations.At(CommitIndex).Index;

    /// <summary>The newest configuration that is known to be committed; empty if none is.</summary>
    public ClusterConfiguration CommittedConfiguration => _replica.Configurations.At(CommitIndex).Configuration;

    /// <summary>Whether the configuration in force names this node with this data directory.</summary>
    public bool IsMember => _replica.Self is not null;

    /// <summary>Whether a vote of this node could count: a configuration it knows names other voters.</summary>
    public bool HasOtherVoters => !_replica.Configurations.HasNoOtherVoterThan(_replica.NodeId, _replica.Settings.Incarnation);

    /// <summary>The peers that a leader feeds; empty on a node that does not lead.</summary>
    public IReadOnlyList<Progress> Peers => _roles.Leadership?.Peers.All ?? [];

    /// <summary>
    /// A leader that has committed an entry of its own term: only then is its commit index known to be the newest (dissertation §6.4).
    /// </summary>
    public bool CanServeReads => _roles.Leadership is { CanServeReads: true };

    /// <inheritdoc cref="Leadership.HasQuorum"/>
    public bool HasQuorum => _roles.Leadership is { HasQuorum: true };

    /// <summary>Reads may be served from this node without a heartbeat round before this time, in ticks; 0 if they may not.</summary>
    public long LeaseUntil => _roles.Leadership is { CanServeReads: true } leadership ? leadership.Lease.Until : 0;

    /// <summary>When the next <see cref="TimePassed"/> is wanted, in ticks; <see cref="Moment.Never"/> if not at all.</summary>
    public long Deadline
    {
        get
        {
            var role = _roles.Leadership?.Deadline ?? _elections.Deadline;
            return Math.Min(role, Math.Min(_reads.Deadline, _transfer.Deadline));
        }
    }

    /// <summary>The log time of the last entry.</summary>
    public long LastTimeMs => Log.LastTimeMs;

    private RaftLog Log => _replica.Log;

    /// <summary>The log time now: on the leader the time that it would stamp an entry with, on another node an estimate.</summary>
    public long ReadLogTime(Moment now) =>
        _roles.IsLeader ? _replica.LogTime(now) : Math.Max(Log.LastTimeMs, _replica.Clock.Estimate(now));

    /// <inheritdoc cref="TermIndex.TermAt"/>
    public long TermAt(long index) => Log.TermAt(index);

    /// <summary>Copies entries from memory; false when they are not all there and must be read from disk.</summary>
    public bool TryCopyEntries(long from, long to, List<LogEntry> into) => Log.TryCopy(from, to, into);

    /// <summary>To be called once, before the first event: arms the timers, and announces the role and the configuration.</summary>
    public void Initialize(Moment now, List<RaftEffect> effects)
    {
        Begin(now, effects);
        _elections.Start();
        _roles.Announce("started");
        _replica.AnnounceConfiguration();
        // An entry that was committed stays committed, and so do all entries before it in a log that has it.
        _membership.AdvanceCommit(_knownCommitted);
        End();
    }

    /// <summary>Takes one event and adds what must be done to <paramref name="effects"/>.</summary>
    public void Step(RaftEvent input, List<RaftEffect> effects)
    {
        Begin(input.Now, effects);
        switch (input)
        {
            case TimePassed: OnTimePassed(); break;
            case MessageReceived e: OnMessage(e.From, e.Message, e.Incarnation); break;
            case Proposed e: OnProposed(e); break;
            case Appended e: OnAppended(e.Last); break;
            case Applied e: OnApplied(e.Index); break;
            case ReadRequested e: _reads.Request(e.Id, from: null); break;
            case LeaseWanted: OnLeaseWanted(); break;
            case ChangeRequested e: OnChangeRequested(e); break;
            case TransferRequested e: OnTransferRequested(e); break;
            case Reincarnated e: _elections.OnReincarnated(e.Incarnation); break;
            case PeerRoomChanged e: _roles.Leadership?.OnPeerRoomChanged(e); break;
            case PeerDisconnected e: OnPeerDisconnected(e.NodeId); break;
            case SnapshotTaken e: OnSnapshotTaken(e); break;
            case EntriesRead e: _roles.Leadership?.OnEntriesRead(e); break;
            case SnapshotChunkRead e: _roles.Leadership?.Snapshots.OnPieceRead(e); break;
            case SnapshotChunkWritten e: _snapshots.OnPieceWritten(e); break;
            case SnapshotInstalled e: OnSnapshotInstalled(e); break;
            default: throw new ArgumentOutOfRangeException(nameof(input), input.GetType().Name, "The core does not know this event.");
        }
        End();
    }

    private void Begin(Moment now, List<RaftEffect> effects)
    {
        _replica.Outbox.Begin(now, effects);
        Log.ForgetBatch();
        _roles.Leadership?.ForgetBatch();
    }

    private void End()
    {
        if (_roles.Leadership is { Changes.RetireCause: { } cause } leadership)
        {
            leadership.HandOverAtRemoval();
            _membership.MarkRemoved();
            _elections.BecomeFollower(Term, null, cause);
        }
        _replica.Outbox.SaveVoteIfChanged();
        Check();
    }

    private void OnTimePassed()
    {
        if (_roles.Leadership is not { } leadership)
            _elections.OnTime();
        else if (leadership.OnTime() is { } lostQuorum)
            _elections.BecomeFollower(Term, null, lostQuorum);
        _reads.Expire();
        _transfer.Expire();
    }

    private void OnMessage(string from, RaftMessage message, Guid incarnation)
    {
        // Two data directories may have one name for a while. Votes and acknowledgements of one say nothing about the other.
        if (message is VoteReply or AppendReply or InstallSnapshotReply
            && Configuration.Find(from) is { } member && !member.IsOf(incarnation))
            return;
        // Not every message with a newer term moves this node to that term: RequestVote and VoteReply have rules of their own, a
        // ReadIndexRequest changes no term, and a RemovedNotice comes from a cluster that this node is no longer part of. A leader takes
        // replies only from the peers it feeds.
        var isReply = message is AppendReply or InstallSnapshotReply;
        var peer = isReply ? _roles.Leadership?.Peers.Find(from) : null;
        if (isReply && peer is null)
            return;
        if (message is AppendEntries or AppendReply or InstallSnapshot or InstallSnapshotReply or TimeoutNow or ReadIndexReply
            && message.Term > Term)
        {
            // The sender of TimeoutNow gives its leadership up.
            var leader = message is AppendEntries or InstallSnapshot ? from : null;
            _elections.BecomeFollower(message.Term, leader, $"saw term {message.Term} from {from}");
        }
        NoteContact(from, message, incarnation);
        switch (message)
        {
            case AppendEntries m: OnAppendEntries(from, m); break;
            case AppendReply m: _roles.Leadership?.OnAppendReply(peer!, m); break;
            case RequestVote m: _elections.OnRequestVote(from, m); break;
            case VoteReply m: _elections.OnVoteReply(from, m); break;
            case InstallSnapshot m: OnInstallSnapshot(from, m); break;
            case InstallSnapshotReply m: _roles.Leadership?.OnInstallSnapshotReply(peer!, m); break;
            case TimeoutNow m: _elections.OnTimeoutNow(from, m); break;
            case ReadIndexRequest m: OnReadIndexRequest(from, m); break;
            case ReadIndexReply m: OnReadIndexReply(m); break;
            case RemovedNotice m: _elections.OnRemovedNotice(from, m); break;
        }
    }

    /// <summary>
    /// Messages of the current term that say that their sender leads, or follows this node, count as contact, because a heartbeat may be
    /// late behind other traffic. A vote does not say who leads.
    /// </summary>
    private void NoteContact(string from, RaftMessage message, Guid incarnation)
    {
        if (message.Term != Term)
            return;
        if (_roles.Leadership is { } leadership && message is ReadIndexRequest)
            leadership.OnPeerAsked(from, incarnation);
        else if (_roles.Following?.LeaderId == from && message is ReadIndexReply { Index: >= 0 })
            _elections.NoteLeaderContact();
    }

    private void OnAppendEntries(string from, AppendEntries m)
    {
        if (m.Term < Term)
        {
            // Stale leader: it steps down when it sees our term (Raft §5.1). It may lead again by now, and counts its rounds anew.
            _replica.Send(from, new AppendReply(Term, Accepted: false, 0, Log.Last, Previous: 0, HeartbeatRounds.None));
            return;
        }
        _elections.HearLeader(from);
        if (m.LeaseMs > 0)
            _elections.Promise(m.LeaseMs);
        _roles.Following!.OnAppendEntries(m, _snapshots.IsInstalling);
    }

    private void OnInstallSnapshot(string from, InstallSnapshot m)
    {
        if (m.Term < Term)
        {
            _replica.Send(from, new InstallSnapshotReply(Term, m.Last, 0, Installed: false, HeartbeatRounds.None));
            return;
        }
        _elections.HearLeader(from);
        _snapshots.OnPiece(from, m);
    }

    private void OnReadIndexRequest(string from, ReadIndexRequest m)
    {
        if (_roles.IsLeader && m.Term <= Term)
            _reads.Request(m.Id, from);
        else
            _replica.Send(from, new ReadIndexReply(Term, m.Id, -1));
    }

    private void OnReadIndexReply(ReadIndexReply m)
    {
        if (_roles.IsLeader || !_reads.IsAsked(m.Id))
            return;
        if (m.Index >= 0 && m.Term == Term && !_snapshots.IsInstalling)
            _roles.Following!.CommitVerified(m.Index);
        _reads.AnswerAsked(m.Index);
    }

    private void OnProposed(Proposed e)
    {
        if (_roles.Leadership is { } leadership)
            leadership.Log.OnProposed(e);
        else
            _replica.Outbox.Add(new ProposalRefused(e.Commands, e.From, RefusalReason.NotLeader));
    }

    private void OnAppended(EntryId last)
    {
        if (!Log.Confirm(last))
            return;
        if (_roles.Leadership is { } leadership)
            leadership.CommitWhatAQuorumHas();
        else
            _roles.Following?.AcknowledgeDurable();
    }

    private void OnApplied(long index)
    {
        Invariant.Holds(index <= CommitIndex, "only what is committed is applied");
        Log.MarkApplied(index);
    }

    private void OnLeaseWanted()
    {
        _reads.WantLease();
        _roles.Leadership?.OnLeaseWanted();
    }

    private void OnChangeRequested(ChangeRequested e)
    {
        if (_roles.Leadership is { } leadership)
            leadership.Changes.OnRequested(e.Id, e.Change);
        else
            _replica.Outbox.Refuse(e.Id, RaftKvMembershipError.ChangeInProgress, NotLeading, retry: true);
    }

    private void OnTransferRequested(TransferRequested e)
    {
        if (_roles.Leadership is { } leadership)
            leadership.Successors.OnRequested(e.Id, e.To);
        else
            _replica.Outbox.Refuse(e.Id, RaftKvMembershipError.NotEligible, NotLeading, retry: true);
    }

    private void OnPeerDisconnected(string nodeId)
    {
        if (_roles.Leadership is { } leadership)
            leadership.OnPeerDisconnected(nodeId);
        else if (_roles.LeaderId == nodeId)
            _elections.OnLeaderDisconnected();
    }

    private void OnSnapshotTaken(SnapshotTaken e)
    {
        Invariant.Holds(e.KeepFromForPeers <= e.KeepFrom && e.KeepFrom <= e.Last.Index + 1, "what is cut off the log is in the snapshot");
        _replica.NoteSnapshot(e.Last);
        var needed = _roles.Leadership?.Snapshots.NeededByPeers(e.KeepFromForPeers) ?? long.MaxValue;
        var keepFrom = Math.Min(e.KeepFrom, needed);
        if (keepFrom > Log.FirstIndex)
            _replica.TruncatePrefix(keepFrom);
    }

    private void OnSnapshotInstalled(SnapshotInstalled e)
    {
        _snapshots.OnInstalled(e);
        _elections.ArmTimerIfStopped();
    }

    private void Check()
    {
        Invariant.Holds(Log.Base.Index <= Log.Applied, "the log begins at or before what is applied");
        Invariant.Holds(Log.Applied <= CommitIndex, "what is applied is committed");
        Invariant.Holds(CommitIndex <= Log.LastIndex, "what is committed is in the log");
        Invariant.Holds(Log.DurableIndex <= Log.LastIndex, "what is durable is in the log");
        Invariant.Holds(Log.LastTerm <= Term, "the log has no entry of a later term");
        Invariant.Holds(Term >= _checkedTerm && CommitIndex >= _checkedCommit, "term and commit index never decrease");
        Invariant.Holds(_roles.IsLeader == (Role == RaftRole.Leader), "a leader knows that it leads");
        _checkedTerm = Term;
        _checkedCommit = CommitIndex;
    }
}
