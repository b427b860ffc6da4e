using RaftKv.Embedded.Log;
using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Consensus;

/// <summary>
/// A replica's part in the consensus, as a pure function: events in, effects out. The same start, seed and events always give the same
/// effects; there is no clock, no disk, no network and no thread in here. The order of the effects is the contract (<see cref="RaftEffect"/>).
/// </summary>
/// <remarks>References are to Ongaro and Ousterhout, "In Search of an Understandable Consensus Algorithm" (Raft §n) and to Ongaro's dissertation.</remarks>
internal sealed partial class RaftCore
{
    private RaftSettings _settings;
    private readonly Prng _random;
    private readonly RaftLog _log;
    private readonly ConfigurationHistory _configurations;
    private readonly LogClock _clock;
    private readonly LeasePromises _promises;

    // The step under way.
    private List<RaftEffect> _effects = [];
    private Moment _now;

    private bool _voteUnsaved;
    private readonly long _knownCommitted;
    private long _applyIssued;
    private (RaftRole Role, long Term, string? Leader) _announced = (RaftRole.Follower, -1, null);
    private ClusterConfiguration? _announcedConfiguration;
    private long _announcedConfigurationIndex = -1;
    private long _checkedTerm;
    private long _checkedCommit;

    public RaftCore(RaftSettings settings, RaftStart start)
    {
        _settings = settings;
        _random = new Prng(settings.Seed);
        _log = new RaftLog(start, settings.CacheBytes);
        _configurations = new ConfigurationHistory(start);
        _clock = new LogClock(start.LastTimeMs);
        _promises = new LeasePromises(start.PromiseMs);
        _nextQuestion = (long)(_random.Next() >> 2);
        Term = start.Term;
        VotedFor = start.VotedFor;
        SnapshotId = start.Snapshot;
        _knownCommitted = start.Committed.Index;
        Invariant.Holds(_knownCommitted == 0 || start.HasInLog(start.Committed), "what is known to be committed is in the log");
        CommitIndex = _applyIssued = start.Snapshot.Index;
        Invariant.Holds(Term >= _log.LastTerm, "no entry is younger than the term");
        Invariant.Holds(_log.Base.Index <= start.Snapshot.Index && start.Snapshot.Index <= _log.LastIndex, "log and snapshot leave no gap");
    }

    public RaftRole Role { get; private set; } = RaftRole.Follower;

    public long Term { get; private set; }

    public string? VotedFor { get; private set; }

    public string? LeaderId { get; private set; }

    public long CommitIndex { get; private set; }

    public long AppliedIndex => _log.Applied;

    /// <summary>The first entry still in the log.</summary>
    public long FirstIndex => _log.FirstIndex;

    public long LastIndex => _log.LastIndex;

    public long LastTerm => _log.LastTerm;

    /// <summary>Whether a vote of this node could count: a configuration it knows names other voters.</summary>
    public bool HasOtherVoters => !_configurations.HasNoOtherVoterThan(NodeId, _settings.Incarnation);

    /// <summary>Up to here this node's log is on its disk.</summary>
    public long DurableIndex => _log.DurableIndex;

    /// <summary>What the log in memory that is not applied yet costs.</summary>
    public long UnappliedBytes => _log.UnappliedBytes;

    /// <inheritdoc cref="RaftLog.UndurableBytes"/>
    public long UndurableBytes => _log.UndurableBytes;

    /// <inheritdoc cref="RaftLog.AppendedBytes"/>
    public long AppendedBytes => _log.AppendedBytes;

    /// <inheritdoc cref="RaftLog.HeldBytes"/>
    public long HeldBytes => _log.HeldBytes;

    public EntryId SnapshotId { get; private set; }

    public long SnapshotIndex => SnapshotId.Index;

    public long SnapshotTerm => SnapshotId.Term;

    /// <summary>The configuration in force: the newest in the log, committed or not.</summary>
    public ClusterConfiguration Configuration => _configurations.Current;

    public long ConfigurationIndex => _configurations.CurrentIndex;

    public long CommittedConfigurationIndex => _configurations.At(CommitIndex).Index;

    /// <summary>The newest configuration that is known to be committed; empty if none is.</summary>
    public ClusterConfiguration CommittedConfiguration => _configurations.At(CommitIndex).Configuration;

    /// <summary>The peers a leader feeds; empty on everybody else.</summary>
    public IReadOnlyList<Progress> Peers => _peers;

    /// <summary>When the next <see cref="TimePassed"/> is wanted, in ticks; <see cref="Moment.Never"/> if not at all.</summary>
    public long Deadline
    {
        get
        {
            var due = Role == RaftRole.Leader ? Math.Min(Math.Min(_heartbeatDue, _commitNotifyDue), _askOthersAt) : _electionDeadline;
            if (_reads.Oldest != Moment.Never)
                due = Math.Min(due, _reads.Oldest + _settings.ElectionTimeout);
            return _transfer is { } transfer ? Math.Min(due, transfer.Deadline) : due;
        }
    }

    /// <summary>The log time of the last entry.</summary>
    public long LastTimeMs => _log.LastTimeMs;

    /// <summary>What log time it is now: on the leader what it would stamp an entry with, elsewhere what this node can know of it.</summary>
    public long ReadLogTime(Moment now) => Role == RaftRole.Leader ? LogTime(now) : Math.Max(_log.LastTimeMs, _clock.Estimate(now));

    private string NodeId => _settings.NodeId;

    /// <summary>This node in the configuration in force. <c>null</c> also where that is an old one which names this node's predecessor, whose disk was lost or removed.</summary>
    private Member? Self => Configuration.Find(NodeId) is { } member && member.IsOf(_settings.Incarnation) ? member : null;

    /// <summary>Whether the configuration in force names this node with this data directory.</summary>
    public bool IsMember => Self is not null;

    /// <summary>The term of an entry, or -1 when the log does not have it.</summary>
    public long TermAt(long index) => _log.TermAt(index);

    /// <summary>Copies entries from memory; false when they are not all there and must be read from disk.</summary>
    public bool TryCopyEntries(long from, long to, List<LogEntry> into) => _log.TryCopy(from, to, into);

    /// <summary>To be called once, before the first event: arms the timers and says where this node stands.</summary>
    public void Initialize(Moment now, List<RaftEffect> effects)
    {
        Begin(now, effects);
        // Before it restarted this node may have promised some leader not to vote (dissertation §6.4.1). In term 1 nobody has led yet, and
        // a node that is alone with its vote has promised nothing to anybody.
        var mayHavePromised = Term > 1 && !_configurations.HasNoOtherVoterThan(NodeId, _settings.Incarnation);
        if (mayHavePromised)
            _promises.Resume(now.Ticks, _settings.ElectionTimeout);
        UpdatePassiveRole("started");
        ArmElection();
        if (Configuration.VoterCount == 1 && CanCampaign && !mayHavePromised)
            _electionDeadline = now.Ticks;
        Announce("started");
        AnnounceConfiguration();
        // An entry that was committed stays so, and with it all that is before it in a log that has it.
        AdvanceCommit(_knownCommitted);
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
            case ReadRequested e: OnReadRequested(new PendingRead(e.Id, null, _now.Ticks)); break;
            case LeaseWanted: OnLeaseWanted(); break;
            case ChangeRequested e: OnChangeRequested(e.Id, e.Change); break;
            case TransferRequested e: OnTransferRequested(e.Id, e.To); break;
            case Reincarnated e: OnReincarnated(e.Incarnation); break;
            case PeerRoomChanged e: OnPeerRoomChanged(e); break;
            case PeerDisconnected e: OnPeerDisconnected(e.NodeId); break;
            case SnapshotTaken e: OnSnapshotTaken(e); break;
            case EntriesRead e: OnEntriesRead(e); break;
            case SnapshotChunkRead e: OnSnapshotChunkRead(e); break;
            case SnapshotChunkWritten e: OnSnapshotChunkWritten(e); break;
            case SnapshotInstalled e: OnSnapshotInstalled(e); break;
            default: throw new ArgumentOutOfRangeException(nameof(input), input.GetType().Name, "The core does not know this event.");
        }
        End();
    }

    private void Begin(Moment now, List<RaftEffect> effects)
    {
        _effects = effects;
        ForgetBatch();
        _now = now.Ticks >= _now.Ticks ? now : new Moment(_now.Ticks, now.UnixMs);
    }

    private void End()
    {
        if (_retireCause is { } cause)
            Retire(cause);
        SaveVoteIfChanged();
        Check();
    }

    private void OnTimePassed()
    {
        if (Role == RaftRole.Leader)
            OnLeaderTime();
        else if (_now.Ticks >= _electionDeadline)
            OnElectionDue();
        ExpireReads();
        ExpireTransfer();
    }

    private void OnMessage(string from, RaftMessage message, Guid incarnation)
    {
        // Two data directories may have one name for a while. What the one has voted or acknowledged says nothing about the other.
        if (message is VoteReply or AppendReply or InstallSnapshotReply && Configuration.Find(from) is { } member && !member.IsOf(incarnation))
            return;
        // Votes decide for themselves what another term means to them, a question about the read index never means anything, and a
        // notice comes from a cluster this node is no longer part of. A leader hears only those it feeds.
        if (message is AppendReply or InstallSnapshotReply && (Role != RaftRole.Leader || FindPeer(from) is null))
            return;
        if (message is AppendEntries or AppendReply or InstallSnapshot or InstallSnapshotReply or TimeoutNow or ReadIndexReply && message.Term > Term)
            BecomeFollower(message.Term, message is AppendEntries or InstallSnapshot or TimeoutNow ? from : null, $"saw term {message.Term} from {from}");
        NoteContact(from, message, incarnation);
        switch (message)
        {
            case AppendEntries m: OnAppendEntries(from, m); break;
            case AppendReply m: OnAppendReply(from, m); break;
            case RequestVote m: OnRequestVote(from, m); break;
            case VoteReply m: OnVoteReply(from, m); break;
            case InstallSnapshot m: OnInstallSnapshot(from, m); break;
            case InstallSnapshotReply m: OnInstallSnapshotReply(from, m); break;
            case TimeoutNow m: OnTimeoutNow(from, m); break;
            case ReadIndexRequest m: OnReadIndexRequest(from, m); break;
            case ReadIndexReply m: OnReadIndexReply(m); break;
            case RemovedNotice m: OnRemovedNotice(from, m); break;
        }
    }

    /// <summary>
    /// Messages of the current term that say that their sender leads, or follows this node, are a contact like any other. A heartbeat may be late behind other traffic, and a vote
    /// says nothing of who leads.
    /// </summary>
    private void NoteContact(string from, RaftMessage message, Guid incarnation)
    {
        if (message.Term != Term)
            return;
        if (Role == RaftRole.Leader && message is ReadIndexRequest)
        {
            if (FindPeer(from) is { } peer && Configuration.Find(from) is { } member && member.IsOf(incarnation))
                peer.Hear(_now.Ticks);
        }
        else if (from == LeaderId && message is ReadIndexReply { Index: >= 0 })
        {
            _leaderContact = _now.Ticks;
            _leaderGone = false;
            ArmElection();
        }
    }

    private void OnAppended(EntryId last)
    {
        if (!_log.Confirm(last))
            return;
        if (Role == RaftRole.Leader)
            CommitWhatAQuorumHas();
        else
            AcknowledgeDurable();
    }

    private void OnApplied(long index)
    {
        Invariant.Holds(index <= CommitIndex, "only what is committed is applied");
        _log.MarkApplied(index);
    }

    /// <summary>Moves the commit index and hands what is new to the state machine, every entry once.</summary>
    private void AdvanceCommit(long to)
    {
        if (to <= CommitIndex)
            return;
        Invariant.Holds(to <= _log.LastIndex, "only entries of the log commit");
        CommitIndex = to;
        // Each range is either all in memory or all on disk; after a restart the first ones may be on disk only.
        if (_applyIssued + 1 < _log.FirstInMemory && to >= _log.FirstInMemory)
            IssueApply(_log.FirstInMemory - 1);
        IssueApply(to);
        if (Role == RaftRole.Leader)
            OnLeaderCommit();
        else
            UpdatePassiveRole("its removal is committed");
    }

    private void IssueApply(long to)
    {
        _effects.Add(new Apply(_applyIssued + 1, to));
        _applyIssued = to;
    }

    private void Send(string to, RaftMessage message)
    {
        SaveVoteIfChanged();
        _effects.Add(new Send(to, message));
    }

    /// <summary>Appends to the log and has it written; a suffix in the way must have been truncated.</summary>
    private void AppendToLog(ReadOnlyMemory<LogEntry> entries)
    {
        SaveVoteIfChanged();
        _log.Append(entries);
        if (Role != RaftRole.Leader)
            _clock.Observe(Term, _log.LastTimeMs, _now);
        _effects.Add(new Append(entries));
        foreach (ref readonly var entry in entries.Span)
        {
            if (entry.Kind == EntryKind.Configuration)
                _configurations.Append(entry.Index, ClusterConfiguration.Decode(entry.Payload.Span));
        }
        OnConfigurationInForce();
    }

    private void SaveVoteIfChanged()
    {
        if (!_voteUnsaved)
            return;
        _voteUnsaved = false;
        _promises.Forget(_now.Ticks, _settings.ElectionTimeout);
        _effects.Add(new SaveVote(Term, VotedFor, _promises.LongestMs));
    }

    private void EnterTerm(long term, string? vote)
    {
        Invariant.Holds(term > Term, "terms only grow");
        Term = term;
        VotedFor = vote;
        _voteUnsaved = true;
    }

    private void Announce(string cause)
    {
        if ((Role, Term, LeaderId) == _announced)
            return;
        _announced = (Role, Term, LeaderId);
        _effects.Add(new RoleChanged(Role, Term, LeaderId, cause));
    }

    private void AnnounceConfiguration()
    {
        if (_announcedConfiguration == Configuration && _announcedConfigurationIndex == ConfigurationIndex)
            return;
        _announcedConfiguration = Configuration;
        _announcedConfigurationIndex = ConfigurationIndex;
        _effects.Add(new ConfigurationChanged(Configuration, ConfigurationIndex));
    }

    private string Milliseconds(long since) => $"{(_now.Ticks - since) / TimeSpan.TicksPerMillisecond} ms";

    private void Check()
    {
        Invariant.Holds(_log.Base.Index <= _log.Applied, "the log begins at or before what is applied");
        Invariant.Holds(_log.Applied <= CommitIndex, "what is applied is committed");
        Invariant.Holds(CommitIndex <= _log.LastIndex, "what is committed is in the log");
        Invariant.Holds(_log.DurableIndex <= _log.LastIndex, "what is durable is in the log");
        Invariant.Holds(_log.LastTerm <= Term, "no entry is younger than the term");
        Invariant.Holds(Term >= _checkedTerm && CommitIndex >= _checkedCommit, "term and commit index never decrease");
        Invariant.Holds(Role != RaftRole.Leader || LeaderId == NodeId, "a leader knows that it leads");
        _checkedTerm = Term;
        _checkedCommit = CommitIndex;
    }
}
