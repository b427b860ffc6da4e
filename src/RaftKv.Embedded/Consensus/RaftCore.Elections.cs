using RaftKv.Embedded.Log;
using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Consensus;

// Elections: Raft §5.2 and §5.4.1, pre-vote (dissertation §9.6), leader stickiness (dissertation §4.2.3).
internal sealed partial class RaftCore
{
    /// <summary>
    /// After a leader's connection was reset its followers stand one after the other, by their names, this far apart: long enough for a pre-vote and a vote. Were
    /// they to stand at once, a split vote would cost a whole election timeout.
    /// </summary>
    private static readonly long SuccessionStep = TimeSpan.FromMilliseconds(15).Ticks;

    private readonly HashSet<string> _votes = new(StringComparer.Ordinal);
    private long _electionDeadline = Moment.Never;

    /// <summary>Since when the leader has been silent; what matters for stickiness is forgotten when its connection breaks.</summary>
    private long _leaderContact;
    private bool _leaderGone;

    /// <summary>
    /// A voter campaigns, and so does one whose removal is not committed yet: it may be the only one left that has the entry which removes
    /// it, and nobody else could win (dissertation §4.2.2). Its own vote does not count then.
    /// </summary>
    private bool CanCampaign => Role is not (RaftRole.Removed or RaftRole.Leader) && _installing is null
        && (Self is { IsVoter: true } || (Self is null && _configurations.MayStillBeVoter(NodeId, _settings.Incarnation, CommitIndex)));

    private void ArmElection()
    {
        // Term 1 is that of founding: nobody has led, and nobody but the founder, who voted for itself, knows the members. There is no leader to wait for and no rival to dodge.
        var isFounding = Term == 1 && VotedFor == NodeId;
        var wait = isFounding ? _settings.HeartbeatInterval : _settings.ElectionTimeout + _random.Below(_settings.ElectionTimeout);
        _electionDeadline = Math.Max(_now.Ticks + wait, _promises.Until);
    }

    private void OnElectionDue()
    {
        // Whoever wakes up late has missed messages that wait in its sockets; it reads those before it judges its leader.
        if (_now.Ticks - _electionDeadline > _settings.HeartbeatInterval)
        {
            _electionDeadline = _now.Ticks + _settings.HeartbeatInterval + _random.Below(_settings.HeartbeatInterval);
            return;
        }

        var cause = _leaderGone ? $"the connection to the leader {LeaderId} was reset"
            : LeaderId is { } leader ? $"no word from {leader} for {Milliseconds(_leaderContact)}"
            : Role is RaftRole.PreCandidate or RaftRole.Candidate ? "the election was not decided in time"
            : "no leader is known";
        if (CanCampaign)
        {
            StartPreVote(cause);
            return;
        }
        _electionDeadline = Moment.Never;
        ForgetLeader();
        Announce(cause);
    }

    private void OnPeerDisconnected(string nodeId)
    {
        if (Role == RaftRole.Leader)
        {
            if (FindPeer(nodeId) is not { } peer)
                return;
            peer.Lose();
            // What was under way is lost with the connection.
            if (peer.State == ProgressState.Replicate)
                peer.BecomeProbe(peer.Match + 1);
        }
        else if (nodeId == LeaderId && !_leaderGone)
        {
            _leaderGone = true;
            var hinted = _now.Ticks + (PlaceInSuccession() * SuccessionStep) + _random.Below(SuccessionStep / 3);
            _electionDeadline = Math.Max(Math.Min(_electionDeadline, hinted), _promises.Until);
        }
    }

    /// <summary>How many other voters come before this one when the leader is gone.</summary>
    private int PlaceInSuccession()
    {
        var before = 0;
        foreach (var member in Configuration.Members)
        {
            if (member.IsVoter && member.NodeId != LeaderId && string.CompareOrdinal(member.NodeId, NodeId) < 0)
                before++;
        }
        return before;
    }

    private void ForgetLeader()
    {
        LeaderId = null;
        _leaderGone = false;
        FailReads();
    }

    private void StartPreVote(string cause)
    {
        ForgetLeader();
        Role = RaftRole.PreCandidate;
        _votes.Clear();
        _votes.Add(NodeId);
        ArmElection();
        Announce(cause);
        if (HasWon())
            StartElection(transfer: false, cause);
        else
            AskForVotes(new RequestVote(Term + 1, PreVote: true, _log.Last, Transfer: false));
    }

    private void StartElection(bool transfer, string cause)
    {
        ForgetLeader();
        EnterTerm(Term + 1, vote: NodeId);
        Role = RaftRole.Candidate;
        _votes.Clear();
        _votes.Add(NodeId);
        ArmElection();
        Announce(cause);
        if (HasWon())
            BecomeLeader();
        else
            AskForVotes(new RequestVote(Term, PreVote: false, _log.Last, transfer));
    }

    private void AskForVotes(RequestVote request)
    {
        foreach (var member in Configuration.Members)
        {
            if (member.IsVoter && member.NodeId != NodeId)
                Send(member.NodeId, request);
        }
    }

    private bool HasWon()
    {
        var votes = 0;
        foreach (var member in Configuration.Members)
        {
            // Its own vote is not its predecessor's.
            if (member.IsVoter && _votes.Contains(member.NodeId) && (member.NodeId != NodeId || member == Self))
                votes++;
        }
        return votes >= Configuration.Quorum;
    }

    private void OnRequestVote(string from, RequestVote m)
    {
        var upToDate = m.Last.IsUpToDateWith(_log.Last);
        if (IsOutsider(from))
        {
            // It campaigns because it never heard that its removal is committed. While its log is behind, refusing it costs nobody an
            // election, and its term is none of ours; otherwise it may as well be a member that this node has not heard of yet.
            Send(from, new RemovedNotice(Term, CommittedConfigurationIndex));
            if (!upToDate)
                return;
        }
        if (m.Term < Term || (m.PreVote && m.Term == Term) || (!m.Transfer && IsLed()))
        {
            Send(from, new VoteReply(Term, m.PreVote, Granted: false));
            return;
        }
        if (m.PreVote)
        {
            Send(from, new VoteReply(upToDate ? m.Term : Term, PreVote: true, upToDate));
            return;
        }

        if (m.Term > Term)
            BecomeFollower(m.Term, null, $"saw term {m.Term} from {from}");
        var granted = upToDate && (VotedFor is null || VotedFor == from);
        if (granted && VotedFor is null)
        {
            VotedFor = from;
            _voteUnsaved = true;
            ArmElection();
        }
        Send(from, new VoteReply(Term, PreVote: false, granted));
    }

    /// <summary>Whether a leader is at work, as far as this node can tell: then elections are not for it to support (dissertation §4.2.3).</summary>
    private bool IsLed()
    {
        if (Role == RaftRole.Leader)
            return _now.Ticks - QuorumContact() < _settings.ElectionTimeout;
        return _now.Ticks < _promises.Until || (LeaderId is not null && !_leaderGone && _now.Ticks - _leaderContact < _settings.ElectionTimeout);
    }

    private void OnVoteReply(string from, VoteReply m)
    {
        if (m.PreVote && m.Granted)
        {
            if (Role == RaftRole.PreCandidate && m.Term == Term + 1)
                CountVote(from);
        }
        else if (m.Term > Term)
        {
            // A refusal teaches the term; it is never a vote, whatever else it says.
            if (Role != RaftRole.Removed)
                BecomeFollower(m.Term, null, $"saw term {m.Term} from {from}");
        }
        else if (!m.PreVote && m.Granted && Role == RaftRole.Candidate && m.Term == Term)
        {
            CountVote(from);
        }
    }

    private void CountVote(string from)
    {
        _votes.Add(from);
        if (!HasWon())
            return;
        if (Role == RaftRole.PreCandidate)
            StartElection(transfer: false, "a quorum would vote for it");
        else
            BecomeLeader();
    }

    private void OnTimeoutNow(string from, TimeoutNow m)
    {
        // The leader that asks has given up its lease for good, so its own promise does not stand in the way (dissertation §3.10).
        if (m.Term == Term && CanCampaign)
            StartElection(transfer: true, $"asked by {from} to take over");
    }

    private void BecomeFollower(long term, string? leader, string cause)
    {
        var led = Role == RaftRole.Leader;
        if (led)
            StopLeading();
        if (LeaderId != leader || term > Term)
            FailReads();
        if (term > Term)
            EnterTerm(term, vote: null);
        LeaderId = leader;
        _leaderGone = false;
        _verified = CommitIndex;
        _roundSeen = _roundAnswered = 0;
        _reportedMatch = 0;
        _owesAnswer = false;
        Role = PassiveRole();
        if (led || leader is not null || _electionDeadline == Moment.Never)
            ArmElection();
        Announce(cause);
        CompleteTransferAsFollower();
    }

    /// <summary>What this node is when it neither leads nor campaigns.</summary>
    private RaftRole PassiveRole()
    {
        if (_removed)
            return RaftRole.Removed;
        return Self switch
        {
            { IsVoter: true } => RaftRole.Follower,
            null when Configuration.Members.Count > 0 && Role != RaftRole.Learner => RaftRole.Follower,
            _ => RaftRole.Learner,
        };
    }
}
