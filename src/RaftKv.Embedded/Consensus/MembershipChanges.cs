using RaftKv.Embedded.Log;
using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Consensus;

/// <summary>
/// Changes of members, one at a time (dissertation §4.1 to §4.4). A configuration is appended only when a quorum of the voters before it
/// and a quorum of those after it have answered a heartbeat round that began after the request. Otherwise a leader could append an entry
/// that can never commit, and so take the quorum from voters that had one.
/// </summary>
internal sealed class MembershipChanges(
    ReplicaState replica,
    PeerSet peers,
    HeartbeatRounds rounds,
    Heartbeats heartbeats,
    ReadLease lease,
    LeaderLog log,
    LeadershipTransfer transfer)
{
    /// <summary>How long a new member may make no progress before the request to add it is refused.</summary>
    public static readonly long JoinTimeout = TimeSpan.FromSeconds(10).Ticks;

    /// <summary>How long the leader tells a removed member of its removal.</summary>
    private static readonly long RemovalNoticeTimeout = TimeSpan.FromSeconds(2).Ticks;

    private readonly ChangePlanner _planner = new(replica, peers);
    private readonly PendingJoins _joins = new(replica);

    /// <summary>The change that waits for its proof.</summary>
    private PendingConfigurationChange? _pending;

    /// <summary>The request whose entry is in the log and not committed.</summary>
    private long? _open;

    /// <summary>The newest configuration whose commit was handled.</summary>
    private long _handledConfiguration;

    /// <summary>Set when this leader's own removal has committed: it steps down at the end of the step.</summary>
    public string? RetireCause { get; private set; }

    /// <summary>Whether the leader may begin a change of its own.</summary>
    private bool MayBegin => _pending is null && WhyNoChange() is null;

    public void OnRequested(long id, MembershipChange change)
    {
        if (WhyNoChange() is { } reason)
            replica.Outbox.Refuse(id, RaftKvMembershipError.ChangeInProgress, reason, retry: true);
        else if (_pending is { Id: not null })
            replica.Outbox.Refuse(
                id, RaftKvMembershipError.ChangeInProgress, "Another change waits for the answers of a quorum.", retry: true);
        else
            Begin(id, change); // A change that the leader began gives way: the leader begins it again later.
    }

    /// <summary>
    /// Appends the change that waits, or refuses it, once it has its proof or the time for it is over. It is judged anew: the situation
    /// may have changed since the request.
    /// </summary>
    public void ConsiderPending()
    {
        if (_pending is { } pending)
            Consider(pending);
    }

    public void OnCommit()
    {
        var index = replica.ConfigurationIndex;
        if (index <= replica.CommitIndex && index != _handledConfiguration)
            OnConfigurationCommitted(index);
    }

    /// <summary>A peer has compared its log up to <paramref name="verified"/>.</summary>
    public void OnPeerProgress(Progress peer, long verified)
    {
        if (peer.Removal is { Round: > 0 } removal && peer.Round >= removal.Round && verified >= removal.ConfigurationIndex)
            peers.Remove(peer);
        else if (peer.Role == MemberRole.Joining)
            PromoteWhenCaughtUp(peer);
    }

    /// <summary>Called at each heartbeat.</summary>
    public void OnTime()
    {
        _joins.Expire(peers, JoinTimeout);
        peers.RemoveOverdue();
        ConsiderPending();
        foreach (var peer in peers)
        {
            if (peer.Role == MemberRole.Joining)
                PromoteWhenCaughtUp(peer);
        }
        // A member whose disk has lost entries is fed and promoted like any new member, once its vote is gone.
        if (MayBegin && peers.DistrustedVoter() is { } distrusted)
            Begin(null, new DemoteVoter(distrusted.NodeId));
        if (MayBegin && _planner.Voters.FindSurplus() is { } surplus)
            Begin(null, new RetireVoter(surplus.NodeId));
    }

    /// <summary>This node leads no longer: the next leader decides about the changes in its log.</summary>
    public void LeaveToTheNextLeader()
    {
        const string Held = "The leadership was lost before the change was in the log. Nothing was changed; ask the new leader.";
        const string Open = "The leadership was lost while the change was in the log and not committed: it may be carried out or not. "
            + "Ask the new leader.";
        if (_pending?.Id is { } pending)
            replica.Outbox.Refuse(pending, RaftKvMembershipError.ChangeInProgress, Held, retry: true);
        if (_open is { } request)
            replica.Outbox.LeaveOpen(request, Open);
        _joins.LeaveOpen(Open);
    }

    /// <summary>Why no change of members may be appended now; <c>null</c> if one may.</summary>
    private string? WhyNoChange()
    {
        if (RetireCause is not null)
            return RaftCore.NotLeading;
        if (transfer.IsUnderWay)
            return "The leadership is being handed over.";
        // Without an entry of its own term the leader cannot know whether an older change is still open (Ongaro, raft-dev, 2015).
        if (!log.HasCommittedInTerm)
            return "The leader has just been elected; ask again.";
        // The open change may be one that no operator asked for, a promotion or a new address, which is soon committed.
        return replica.ConfigurationIndex > replica.CommitIndex ? "Another change is not committed yet." : null;
    }

    private void Begin(long? id, MembershipChange change)
    {
        var plan = _planner.Plan(change);
        // Only a leader that still leads may say that a change was made before, or that there is no such member. Every other refusal
        // changes nothing.
        if (plan.Target is null && (id is null || plan.Error is not (null or RaftKvMembershipError.UnknownMember)))
        {
            Answer(id, plan);
            return;
        }
        _pending = new PendingConfigurationChange(id, change, rounds.NewProof());
        heartbeats.AskAll();
        ConsiderPending();
    }

    private void Consider(PendingConfigurationChange pending)
    {
        var configuration = replica.Configuration;
        var isOverdue = pending.Proof.IsOverdue(replica.Now);
        var isProven = pending.Proof.Covers(configuration, peers, replica.Self);
        if (!isOverdue && !isProven)
            return;
        if (WhyNoChange() is { } reason)
        {
            End(pending, ChangePlan.Refuse(RaftKvMembershipError.ChangeInProgress, reason) with { Retry = true });
            return;
        }
        var plan = _planner.Plan(pending.Change);
        if (isProven && plan.Target is null)
            End(pending, plan);
        else if (isProven && pending.Proof.Covers(plan.Target!, peers, replica.Self))
            Append(pending.Id, plan.Target!, plan.Joining);
        else if (isOverdue)
            End(pending, Unproven(pending, plan.Target ?? configuration));
    }

    private ChangePlan Unproven(PendingConfigurationChange pending, ClusterConfiguration target)
    {
        var missing = pending.Proof.Missing(target, peers, replica.Self);
        var waited = 2 * replica.Settings.ElectionTimeout / TimeSpan.TicksPerMillisecond;
        return ChangePlan.Refuse(RaftKvMembershipError.WouldLoseQuorum,
            $"The voters that answer would not be a quorum: no answer from {missing} within {waited} ms. Nothing was changed.");
    }

    private void OnConfigurationCommitted(long index)
    {
        _handledConfiguration = index;
        if (_open is { } request)
        {
            _open = null;
            replica.Outbox.Complete(request, "Done.");
        }
        _joins.OnCommitted(replica.Configuration);
        if (peers.BeginRemovalNotices(RemovalNoticeTimeout))
            heartbeats.AskAll();
        if (replica.Self is null)
            RetireCause = "its removal is committed";
    }

    private void Append(long? id, ClusterConfiguration target, string? joining)
    {
        _pending = null;
        if (id is { } request && joining is not null)
            _joins.Add(request, joining);
        else if (id is not null)
            _open = id;
        var isAlone = replica.ConfigurationIndex <= replica.CommitIndex;
        Invariant.Holds(log.HasCommittedInTerm && isAlone, "one change at a time, and none before the term has committed an entry");
        // The read lease was promised by a quorum of the old voters. The new ones promise for themselves.
        lease.Restart(rounds.Newest);
        log.Append(target);
    }

    /// <summary>The change that waits ends without an entry.</summary>
    private void End(PendingConfigurationChange pending, ChangePlan plan)
    {
        _pending = null;
        Answer(pending.Id, plan);
    }

    private void Answer(long? id, ChangePlan plan)
    {
        if (id is not { } request)
            return;
        if (plan.Error is { } error)
            replica.Outbox.Refuse(request, error, plan.Message, plan.Retry);
        else if (plan.Joining is { } nodeId)
            _joins.Add(request, nodeId);
        else
            replica.Outbox.Complete(request, plan.Message);
    }

    private void PromoteWhenCaughtUp(Progress peer)
    {
        if (!MayBegin || peer.Removal is not null || !_planner.HasCaughtUp(peer))
            return;
        if (_planner.Voters.HasEnough)
            _joins.Complete(peer.NodeId, "It has caught up and stands by: there are enough voters.");
        else
            Begin(null, new PromoteJoining(peer.NodeId));
    }
}
