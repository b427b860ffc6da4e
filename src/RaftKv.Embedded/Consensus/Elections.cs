using RaftKv.Embedded.Log;
using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Consensus;

/// <summary>
/// Elections, and every change of role that follows from them: Raft §5.2 and §5.4.1, pre-vote (dissertation §9.6), leader stickiness
/// (dissertation §4.2.3).
/// </summary>
internal sealed class Elections(
    ReplicaState replica,
    RoleState roles,
    OwnMembership membership,
    ReadIndexes reads,
    LeadershipTransfer transfer,
    SnapshotReceiver snapshots)
{
    /// <summary>
    /// After the connection of a leader was reset its followers campaign one after the other, by their names, this far apart: long enough
    /// for a pre-vote and a vote. If they campaigned at once, a split vote would cost a whole election timeout.
    /// </summary>
    private static readonly long SuccessionStep = TimeSpan.FromMilliseconds(15).Ticks;

    /// <summary>When the last message of a leader came.</summary>
    private long _leaderContact;

    /// <summary>When this node campaigns if it hears no leader, in ticks.</summary>
    public long Deadline { get; private set; } = Moment.Never;

    private LeasePromises Promises => replica.Vote.Promises;

    /// <summary>
    /// A voter campaigns, and so does a voter whose removal is not committed yet: it may be the only node left that has the entry which
    /// removes it, and then no other node could win (dissertation §4.2.2). Its own vote does not count then.
    /// </summary>
    private bool CanCampaign => roles.Role is not (RaftRole.Removed or RaftRole.Leader) && !snapshots.IsInstalling
        && (replica.IsVoter || (replica.Self is null
            && replica.Configurations.MayStillBeVoter(replica.NodeId, replica.Settings.Incarnation, replica.CommitIndex)));

    /// <summary>The process has started.</summary>
    public void Start()
    {
        // Before it restarted this node may have promised a leader not to vote (dissertation §6.4.1). In term 1 no node has led yet, and
        // a node without other voters has promised nothing.
        var mayHavePromised = replica.Term > 1 && !replica.Configurations.HasNoOtherVoterThan(replica.NodeId, replica.Settings.Incarnation);
        if (mayHavePromised)
            Promises.Resume(replica.Now, replica.Settings.ElectionTimeout);
        membership.UpdatePassiveRole("started");
        ArmTimer();
        if (replica.Configuration.VoterCount == 1 && CanCampaign && !mayHavePromised)
            Deadline = replica.Now;
    }

    public void ArmTimerIfStopped()
    {
        if (Deadline == Moment.Never)
            ArmTimer();
    }

    public void OnTime()
    {
        if (replica.Now < Deadline)
            return;
        // After a pause of this process messages wait in the sockets. They are read before the leader is given up.
        if (replica.Now - Deadline > replica.Settings.HeartbeatInterval)
        {
            Deadline = replica.Now + replica.Settings.HeartbeatInterval + replica.Random.Below(replica.Settings.HeartbeatInterval);
            return;
        }

        var cause = roles.Following is { } following
            ? following.IsLeaderGone
                ? $"the connection to the leader {following.LeaderId} was reset"
                : $"nothing heard from {following.LeaderId} for {replica.Since(_leaderContact)}"
            : roles.Candidacy is not null ? "the election was not decided in time"
            : "no leader is known";
        if (CanCampaign)
        {
            StartPreVote(cause);
            return;
        }
        Deadline = Moment.Never;
        ForgetLeader();
        roles.Announce(cause);
    }

    public void OnLeaderDisconnected()
    {
        if (roles.Following is not { IsLeaderGone: false } following)
            return;
        following.IsLeaderGone = true;
        var hinted = replica.Now + (PlaceInSuccession(following.LeaderId) * SuccessionStep) + replica.Random.Below(SuccessionStep / 3);
        Deadline = Math.Max(Math.Min(Deadline, hinted), Promises.Until);
    }

    /// <summary>A message of the current term whose sender leads.</summary>
    public void HearLeader(string from)
    {
        Invariant.Holds(!roles.IsLeader, "a term has one leader (Raft §5.2, Election Safety)");
        if (roles.LeaderId != from)
            BecomeFollower(replica.Term, from, $"{from} leads");
        NoteLeaderContact();
    }

    /// <summary>The leader that this node follows is at work.</summary>
    public void NoteLeaderContact()
    {
        _leaderContact = replica.Now;
        roles.Following!.IsLeaderGone = false;
        ArmTimer();
    }

    /// <summary>The leader asks for the promise to give no vote for a while.</summary>
    public void Promise(int lengthMs)
    {
        replica.Vote.Promise(lengthMs, replica.Now);
        Deadline = Math.Max(Deadline, Promises.Until);
    }

    public void OnRequestVote(string from, RequestVote m)
    {
        var upToDate = m.Last.IsUpToDateWith(replica.Log.Last);
        if (membership.IsOutsider(from))
        {
            // The sender campaigns because it never heard that its removal is committed. While its log is behind, a refusal costs no
            // election, and its term is ignored. Otherwise it may be a member that this node has not heard of yet.
            var committed = replica.Configurations.At(replica.CommitIndex).Index;
            replica.Send(from, new RemovedNotice(replica.Term, committed));
            if (!upToDate)
                return;
        }
        if (m.Term < replica.Term || (m.PreVote && m.Term == replica.Term) || (!m.Transfer && IsLed()))
        {
            replica.Send(from, new VoteReply(replica.Term, m.PreVote, Granted: false));
            return;
        }
        if (m.PreVote)
        {
            replica.Send(from, new VoteReply(upToDate ? m.Term : replica.Term, PreVote: true, upToDate));
            return;
        }

        if (m.Term > replica.Term)
            BecomeFollower(m.Term, null, $"saw term {m.Term} from {from}");
        var votedFor = replica.Vote.VotedFor;
        var granted = upToDate && (votedFor is null || votedFor == from);
        if (granted && votedFor is null)
        {
            replica.Vote.VoteFor(from);
            ArmTimer();
        }
        replica.Send(from, new VoteReply(replica.Term, PreVote: false, granted));
    }

    public void OnVoteReply(string from, VoteReply m)
    {
        if (m.PreVote && m.Granted)
        {
            if (roles.Role == RaftRole.PreCandidate && m.Term == replica.Term + 1)
                CountVote(from);
        }
        else if (m.Term > replica.Term)
        {
            // A reply with a newer term is never a vote for this node: only its term counts.
            if (roles.Role != RaftRole.Removed)
                BecomeFollower(m.Term, null, $"saw term {m.Term} from {from}");
        }
        else if (!m.PreVote && m.Granted && roles.Role == RaftRole.Candidate && m.Term == replica.Term)
        {
            CountVote(from);
        }
    }

    public void OnTimeoutNow(string from, TimeoutNow m)
    {
        // The leader that asks has given up its read lease for good, so the promise to it does not forbid this election (dissertation
        // §3.10).
        if (m.Term == replica.Term && CanCampaign)
            StartElection(transferred: true, $"asked by {from} to take over");
    }

    public void OnRemovedNotice(string from, RemovedNotice m)
    {
        // A notice of a configuration older than the newest one here says nothing: this node may have been added again since.
        if (roles.Role is RaftRole.Leader or RaftRole.Removed || m.ConfigurationIndex < replica.ConfigurationIndex
            || replica.Configuration.Find(from) is null)
            return;
        membership.MarkRemoved();
        BecomeFollower(replica.Term, null, $"{from} says that it was removed");
    }

    /// <summary>Ends leadership or candidacy. This node follows <paramref name="leader"/> if it is known.</summary>
    public void BecomeFollower(long term, string? leader, string cause)
    {
        var led = roles.IsLeader;
        roles.Leadership?.End();
        if (roles.LeaderId != leader || term > replica.Term)
            reads.Fail();
        if (term > replica.Term)
            replica.Vote.EnterTerm(term, vote: null);
        roles.Follow(membership.PassiveRole, leader is null ? null : new Following(replica, membership, leader));
        if (led || leader is not null || Deadline == Moment.Never)
            ArmTimer();
        roles.Announce(cause);
        transfer.OnFollowing(leader);
    }

    /// <summary>
    /// This node's data directory has gone back in time. The log stays: it is a part of what the cluster had, and the leader replaces the
    /// rest. The node waits, as a node with a new disk does, until a configuration names its new identity.
    /// </summary>
    public void OnReincarnated(Guid incarnation)
    {
        const string Cause = "its data directory has gone back in time and has a new identity";
        // First, because a leader must have a vote in its configuration.
        if (roles.IsActive)
            BecomeFollower(replica.Term, null, Cause);
        replica.Reincarnate(incarnation);
        membership.Reset();
        roles.ChangePassiveRole(RaftRole.Learner);
        roles.Announce(Cause);
    }

    private void ArmTimer()
    {
        // In term 1, the term of the bootstrap, no node has led yet, and only the node that bootstraps, which voted for itself, knows the
        // members. There is no leader to wait for and no other candidate.
        var isFounding = replica.Term == 1 && replica.Vote.VotedFor == replica.NodeId;
        var timeout = replica.Settings.ElectionTimeout;
        var wait = isFounding ? replica.Settings.HeartbeatInterval : timeout + replica.Random.Below(timeout);
        Deadline = Math.Max(replica.Now + wait, Promises.Until);
    }

    /// <summary>How many other voters campaign before this one when the leader is gone.</summary>
    private int PlaceInSuccession(string leader)
    {
        var before = 0;
        foreach (var member in replica.Configuration.Members)
        {
            if (member.IsVoter && member.NodeId != leader && string.CompareOrdinal(member.NodeId, replica.NodeId) < 0)
                before++;
        }
        return before;
    }

    private void ForgetLeader()
    {
        roles.ForgetLeader();
        reads.Fail();
    }

    private void StartPreVote(string cause)
    {
        Campaign(RaftRole.PreCandidate, cause);
        if (HasWon())
            StartElection(transferred: false, cause);
        else
            AskForVotes(new RequestVote(replica.Term + 1, PreVote: true, replica.Log.Last, Transfer: false));
    }

    private void StartElection(bool transferred, string cause)
    {
        // Before the term changes: the answers to reads that wait carry the term.
        ForgetLeader();
        replica.Vote.EnterTerm(replica.Term + 1, vote: replica.NodeId);
        Campaign(RaftRole.Candidate, cause);
        if (HasWon())
            BecomeLeader();
        else
            AskForVotes(new RequestVote(replica.Term, PreVote: false, replica.Log.Last, transferred));
    }

    private void Campaign(RaftRole role, string cause)
    {
        ForgetLeader();
        roles.Campaign(role, new Candidacy(replica.NodeId));
        ArmTimer();
        roles.Announce(cause);
    }

    private void AskForVotes(RequestVote request)
    {
        foreach (var member in replica.Configuration.Members)
        {
            if (member.IsVoter && member.NodeId != replica.NodeId)
                replica.Send(member.NodeId, request);
        }
    }

    private bool HasWon() => roles.Candidacy!.IsWon(replica.Configuration, replica.NodeId, replica.Self);

    private void CountVote(string from)
    {
        roles.Candidacy!.Count(from);
        if (!HasWon())
            return;
        if (roles.Role == RaftRole.PreCandidate)
            StartElection(transferred: false, "a quorum would vote for it");
        else
            BecomeLeader();
    }

    private void BecomeLeader()
    {
        Deadline = Moment.Never;
        var leadership = new Leadership(replica, membership, reads, transfer);
        roles.Lead(leadership);
        transfer.OnElected();
        leadership.Peers.Update();
        roles.Announce("won the election");
        leadership.Log.BeginTerm();
    }

    /// <summary>
    /// Whether a leader is at work, as far as this node can tell: then this node supports no election (dissertation §4.2.3).
    /// </summary>
    private bool IsLed()
    {
        var timeout = replica.Settings.ElectionTimeout;
        if (roles.Leadership is { } leadership)
            return replica.Now - leadership.QuorumContact() < timeout;
        return replica.Now < Promises.Until || (roles.Following is { IsLeaderGone: false } && replica.Now - _leaderContact < timeout);
    }
}
