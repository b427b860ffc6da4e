using System.Numerics;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Consensus;

// The leader's side of replication: Raft §5.3, commitment: Raft §5.4.2, the leader's own write beside the network: dissertation §10.2.1.
internal sealed partial class RaftCore
{
    /// <summary>As many entries as memory is kept for, for the next batch.</summary>
    private const int KeptBatch = 1024;

    private readonly List<Progress> _peers = [];
    private LogEntry[] _batch = [];
    private int _batchCount;

    /// <summary>The newest message of this step.</summary>
    private AppendEntries? _lastAppend;

    /// <summary>Where forwarded proposals came from: those nodes are told of the commit at once, their callers wait for it.</summary>
    private readonly Queue<(long Index, string From)> _origins = new();

    private long _heartbeatDue = Moment.Never;
    private long _commitNotifyDue = Moment.Never;
    private long _quorumGraceUntil;

    /// <summary>The entry with which this leader began its term; before it is committed, nobody may rely on the commit index.</summary>
    private long _termStart;

    /// <summary>
    /// The entry with which log time has jumped in this term; 0 is none. Until it is committed no heartbeat says the time: a follower that
    /// knew the time but not the entry would take the jump for time with a leader.
    /// </summary>
    private long _timeJump;

    /// <summary>A leader that has committed an entry of its own term: only then is its commit index known to be the newest (dissertation §6.4).</summary>
    public bool CanServeReads => Role == RaftRole.Leader && CommitIndex >= _termStart;

    /// <summary>A leader that <see cref="CanServeReads"/> and that a quorum has answered within the time after which it would step down.</summary>
    public bool HasQuorum => CanServeReads && _now.Ticks - QuorumContact() < 2 * _settings.ElectionTimeout;

    private void BecomeLeader()
    {
        Role = RaftRole.Leader;
        LeaderId = NodeId;
        _votes.Clear();
        _electionDeadline = Moment.Never;
        _heartbeatDue = _now.Ticks + _settings.HeartbeatInterval;
        _quorumGraceUntil = 0;
        _termStart = _log.LastIndex + 1;
        _timeJump = 0;
        BeginRounds();
        if (_transfer is { } transfer)
        {
            _transfer = null;
            Refuse(transfer.Id, RaftKvMembershipError.TransferTimedOut, $"{transfer.To} did not take over; this node was elected again.");
        }
        UpdatePeers();
        Announce("won the election");
        ReadOnlyMemory<byte> led = SaysLogTime ? TermStart.Encode(_clock.LedUntil(_log.LastTerm, _log.LastTimeMs)) : default;
        AppendAsLeader(new LogEntry[] { new(Term, _termStart, LogTime(_now), EntryKind.NoOp, led) });
    }

    /// <summary>Cleans up what only a leader has; the caller decides what this node is next.</summary>
    private void StopLeading()
    {
        NoteLed();
        FailReads();
        LeaveChangesToTheNextLeader();
        GiveUpPendingTransfer();
        _peers.Clear();
        _origins.Clear();
        _heartbeatDue = _commitNotifyDue = Moment.Never;
        EndLease();
        _retireCause = null;
    }

    /// <summary>Remembers until when a quorum followed, for the case that this node is the next leader too.</summary>
    private void NoteLed()
    {
        var silent = Configuration.VoterCount == 0 ? 0 : Math.Max(0, _now.Ticks - QuorumContact());
        _clock.Led(Term, LogTime(_now) - (silent / TimeSpan.TicksPerMillisecond));
    }

    private void OnProposed(Proposed e)
    {
        RefusalReason? refusal = Role != RaftRole.Leader ? RefusalReason.NotLeader
            : _transfer is not null ? RefusalReason.HandingOver
            : _log.HeldBytes > _settings.MaxUncommittedBytes ? RefusalReason.Overloaded
            : null;
        if (refusal is { } reason)
        {
            _effects.Add(new ProposalRefused(e.Commands, e.From, reason));
            return;
        }
        if (e.Commands.Count == 0)
            return;

        var time = LogTime(_now);
        var index = _log.LastIndex;
        var entries = NewBatch(e.Commands.Count);
        for (var i = 0; i < entries.Length; i++)
            entries.Span[i] = new LogEntry(Term, ++index, time, EntryKind.Command, e.Commands[i]);
        if (e.From is { } from && from != NodeId)
            _origins.Enqueue((index, from));
        AppendAsLeader(entries);
    }

    /// <summary>Whether every member understands what a leader says about log time.</summary>
    private bool SaysLogTime => Configuration.FeatureLevel >= FeatureLevels.Safeguards;

    private long LogTime(Moment now) => Math.Max(_log.LastTimeMs, _clock.Stamp(now));

    /// <summary>Memory for the entries of this step; the log copies them.</summary>
    private Memory<LogEntry> NewBatch(int count)
    {
        if (count > KeptBatch)
            return new LogEntry[count];
        if (_batch.Length < count)
            _batch = new LogEntry[(int)BitOperations.RoundUpToPowerOf2((uint)count)];
        _batchCount = count;
        return _batch.AsMemory(0, count);
    }

    /// <summary>The step they were appended in is over.</summary>
    private void ForgetBatch()
    {
        _log.ForgetBatch();
        _lastAppend = null;
        _batch.AsSpan(0, _batchCount).Clear();
        _batchCount = 0;
    }

    private void AppendAsLeader(ReadOnlyMemory<LogEntry> entries)
    {
        AppendToLog(entries);
        foreach (var peer in _peers)
            Replicate(peer);
    }

    /// <summary>Sends a peer what it may be sent now.</summary>
    private void Replicate(Progress peer)
    {
        if (peer.State == ProgressState.Probe && !peer.ProbeSent)
            SendProbe(peer);
        while (peer.State == ProgressState.Replicate && peer.Next <= _log.LastIndex && !peer.ReadPending && peer.HasRoom
            && IsSentEntries(peer))
        {
            if (peer.Next <= _log.Base.Index)
            {
                BeginSnapshot(peer);
            }
            else if (peer.Next < _log.FirstInMemory)
            {
                peer.ReadPending = true;
                _effects.Add(new ReadEntries(peer.NodeId, peer.Next, peer.Link.PieceBytes(_settings.MaxAppendBytes)));
            }
            else
            {
                SendEntries(peer, _log.Slice(peer.Next, peer.Link.PieceBytes(_settings.MaxAppendBytes), out var bytes), bytes);
            }
        }
    }

    private void SendEntries(Progress peer, ReadOnlyMemory<LogEntry> entries, int bytes)
    {
        var previous = peer.Next - 1;
        peer.Sent(previous + entries.Length, bytes, _now.Ticks);
        SendAppend(peer, previous, entries);
    }

    /// <summary>Asks whether the logs agree before <see cref="Progress.Next"/>, and sends along what follows when it is at hand.</summary>
    private void SendProbe(Progress peer)
    {
        if (peer.Next <= _log.Base.Index)
        {
            BeginSnapshot(peer);
            return;
        }
        var bytes = 0;
        var atHand = IsSentEntries(peer) && peer.Next >= _log.FirstInMemory && peer.Next <= _log.LastIndex;
        var entries = atHand ? _log.Slice(peer.Next, peer.Link.PieceBytes(_settings.MaxAppendBytes), out bytes) : default;
        peer.Probed(entries.Length, bytes, _now.Ticks);
        SendAppend(peer, peer.Next - 1, entries);
    }

    private void SendHeartbeat(Progress peer)
    {
        if (peer.State != ProgressState.Snapshot && peer.Next <= _log.Base.Index && !peer.HasLostEntries)
            BeginSnapshot(peer);
        // A heartbeat may pass entries sent before it, so it names nothing that the peer may not have yet. Every peer agrees with the beginning of the log.
        var previous = peer.State switch
        {
            _ when peer.HasLostEntries => 0,
            ProgressState.Probe => peer.Next - 1,
            ProgressState.Replicate when peer.Match >= _log.Base.Index => peer.Match,
            _ => 0,
        };
        SendAppend(peer, previous, default);
    }

    /// <summary>Asks, behind everything that is under way, whether it has arrived: a refusal is the evidence that it has not.</summary>
    private void CheckArrival(Progress peer)
    {
        if (peer.State != ProgressState.Replicate || peer.InflightMessages == 0 || !peer.IsCheckDue(_now.Ticks))
            return;
        if (peer.Next <= _log.Base.Index)
        {
            // The log was cut behind what is under way: there is nothing left to compare with.
            BeginSnapshot(peer);
            return;
        }
        peer.Checked(_now.Ticks);
        SendAppend(peer, peer.Next - 1, default, keepsItsPlace: true);
    }

    private void SendAppend(Progress peer, long previous, ReadOnlyMemory<LogEntry> entries, bool keepsItsPlace = false)
    {
        (peer.CommitSent, peer.RoundSent) = (CommitIndex, _round);
        var id = previous == 0 ? default : new EntryId(_log.TermAt(previous), previous);
        var leaseMs = LeaseIsWanted ? LeaseMs : 0;
        // Entries carry their own time; a follower that gets none must know how long it has been led all the same.
        var timeMs = entries.IsEmpty && SaysLogTime && CommitIndex >= _timeJump ? LogTime(_now) : 0;
        // Peers that are as far as each other are told the same.
        if (_lastAppend is not { } last || last.Previous != id || !last.Entries.Equals(entries) || last.KeepsItsPlace != keepsItsPlace
            || (last.Term, last.Commit, last.Round, last.LeaseMs, last.LogTimeMs) != (Term, CommitIndex, _round, leaseMs, timeMs))
        {
            _lastAppend = last = new AppendEntries(Term, id, entries, CommitIndex, _round, leaseMs) { LogTimeMs = timeMs, KeepsItsPlace = keepsItsPlace };
        }
        Send(peer.NodeId, last);
    }

    private void OnEntriesRead(EntriesRead e)
    {
        if (Role != RaftRole.Leader || FindPeer(e.Peer) is not { } peer)
            return;
        peer.ReadPending = false;
        var entries = e.Entries.Span;
        if (entries.IsEmpty && peer.State == ProgressState.Replicate && peer.Next > _log.Base.Index)
            return; // Not readable right now; the next heartbeat tries again.
        if (!entries.IsEmpty && peer.State == ProgressState.Replicate && entries[0].Index == peer.Next && peer.Next > _log.Base.Index
            && _log.Contains(entries[^1].Id))
        {
            var bytes = 0;
            foreach (ref readonly var entry in entries)
                bytes += entry.Size;
            SendEntries(peer, e.Entries, bytes);
        }
        Replicate(peer);
    }

    private void OnAppendReply(string from, AppendReply m)
    {
        if (m.Term < Term || m.Match > _log.LastIndex || FindPeer(from) is not { } peer || !Trusts(peer, m.Round))
            return;
        if (TakesBack(peer, m))
        {
            Distrust(peer, m.Hint);
            return;
        }
        HearPeer(peer, m.Round);
        // Before anything commits: a configuration in force and the commits of the same step belong together.
        ConsiderChange();
        if (m.Accepted)
            OnAccepted(peer, m);
        else
            OnRefused(peer, m);
        ConsiderTransfer();
    }

    private void OnAccepted(Progress peer, AppendReply m)
    {
        var advanced = peer.Acknowledge(m.Match, _round, _now.Ticks);
        // A follower says how far it has compared its log even when its disk lags: what it has need not be sent again.
        var verified = Math.Min(m.Previous, _log.LastIndex);
        if ((peer.State == ProgressState.Probe && verified >= peer.Next - 1) || (peer.State == ProgressState.Snapshot && verified >= _log.Base.Index))
            peer.BecomeReplicate(Math.Max(peer.Next, verified + 1));
        if (advanced)
            CommitWhatAQuorumHas();
        Replicate(peer);
        OnPeerProgress(peer, verified);
    }

    private void OnRefused(Progress peer, AppendReply m)
    {
        // An old refusal: of a probe that was answered before, or of something the peer has acknowledged since.
        var isOld = peer.State switch
        {
            ProgressState.Probe => m.Previous != peer.Next - 1,
            ProgressState.Replicate => m.Previous >= peer.Next,
            _ => true,
        };
        if (isOld || m.Previous <= peer.Match)
            return;
        var hint = m.Hint;
        var next = _log.Contains(hint) ? hint.Index + 1 : _log.LastIndexWithTermUpTo(hint.Index - 1, hint.Term) + 1;
        peer.BecomeProbe(Math.Min(next, m.Previous));
        SendProbe(peer);
    }

    private void HearPeer(Progress peer, long round)
    {
        peer.Hear(_now.Ticks);
        if (round <= peer.Round || round > _round)
            return;
        peer.Round = round;
        OnRoundAnswered();
    }

    /// <summary>Commits what more than half of the voters have on their disks, this node included only as far as its own disk is (Raft §5.4.2).</summary>
    private void CommitWhatAQuorumHas()
    {
        if (Configuration.VoterCount == 0)
            return;
        Span<long> matches = Configuration.VoterCount <= 64 ? stackalloc long[Configuration.VoterCount] : new long[Configuration.VoterCount];
        var count = 0;
        if (Self is { IsVoter: true })
            matches[count++] = _log.DurableIndex;
        foreach (var peer in _peers)
        {
            if (peer.IsVoter)
                matches[count++] = peer.Match;
        }
        var agreed = QuorumOf(matches[..count]);
        // Entries of earlier terms are never committed by counting, only by an entry of this term behind them (Raft §5.4.2, figure 8).
        if (agreed > CommitIndex && _log.TermAt(agreed) == Term)
            AdvanceCommit(agreed);
    }

    /// <summary>The greatest value that more than half of the voters have reached.</summary>
    private long QuorumOf(Span<long> values)
    {
        Invariant.Holds(values.Length == Configuration.VoterCount, "every voter is counted once");
        values.Sort();
        return values[^Configuration.Quorum];
    }

    private void OnLeaderCommit()
    {
        while (_origins.TryPeek(out var origin) && origin.Index <= CommitIndex)
        {
            _origins.Dequeue();
            if (FindPeer(origin.From) is { State: ProgressState.Replicate } peer && peer.CommitSent < CommitIndex)
                SendHeartbeat(peer);
        }
        if (_commitNotifyDue == Moment.Never && _peers.Count > 0)
            _commitNotifyDue = _now.Ticks + _settings.CommitNotifyDelay;
        OnLeaderCommittedConfiguration();
        AskWaitingReads();
    }

    private void OnLeaderTime()
    {
        if (_now.Ticks >= _commitNotifyDue)
        {
            _commitNotifyDue = Moment.Never;
            foreach (var peer in _peers)
            {
                if (peer.State == ProgressState.Replicate && peer.CommitSent < CommitIndex)
                    SendHeartbeat(peer);
            }
        }
        if (_now.Ticks >= _askOthersAt)
            AskOthers();
        if (_now.Ticks < _heartbeatDue)
            return;

        // After a pause the answers may be waiting in the sockets; they are read before the quorum is given up.
        if (_now.Ticks - _heartbeatDue > _settings.HeartbeatInterval)
            _quorumGraceUntil = _now.Ticks + (2 * _settings.HeartbeatInterval);
        _heartbeatDue = _now.Ticks + _settings.HeartbeatInterval;
        if (_now.Ticks >= _quorumGraceUntil && _now.Ticks - QuorumContact() >= 2 * _settings.ElectionTimeout)
        {
            BecomeFollower(Term, null, $"lost contact with the quorum {Milliseconds(QuorumContact())} ago");
            return;
        }
        WatchPeers();
        CatchUpLogTime();
        BeginRound();
    }

    /// <summary>
    /// The wall clock was not known when this node was elected, and is now: until here no time has passed since the last entry, which
    /// counts as time without a leader.
    /// </summary>
    private void CatchUpLogTime()
    {
        if (!SaysLogTime || _transfer is not null)
            return;
        var ledUntil = LogTime(_now);
        if (_clock.TryCatchUp(_now))
        {
            _timeJump = _log.LastIndex + 1;
            AppendAsLeader(new LogEntry[] { new(Term, _timeJump, LogTime(_now), EntryKind.NoOp, TermStart.Encode(ledUntil)) });
        }
    }

    private void WatchPeers()
    {
        foreach (var peer in _peers)
        {
            CheckArrival(peer);
            CheckSnapshotArrival(peer);
            Replicate(peer);
        }
        WatchMembers();
        RepeatTransfer();
    }

    /// <summary>When a quorum was last known to follow.</summary>
    private long QuorumContact()
    {
        Span<long> contacts = Configuration.VoterCount <= 64 ? stackalloc long[Configuration.VoterCount] : new long[Configuration.VoterCount];
        var count = 0;
        if (Self is { IsVoter: true })
            contacts[count++] = _now.Ticks;
        foreach (var peer in _peers)
        {
            if (peer.IsVoter)
                contacts[count++] = peer.LastContact;
        }
        return QuorumOf(contacts[..count]);
    }

    private Progress? FindPeer(string nodeId)
    {
        foreach (var peer in _peers)
        {
            if (peer.NodeId == nodeId)
                return peer;
        }
        return null;
    }
}
