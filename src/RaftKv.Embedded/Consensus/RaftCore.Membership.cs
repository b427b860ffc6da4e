using RaftKv.Embedded.Log;
using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Consensus;

// Membership, one change at a time: dissertation §4.1 to §4.4.
internal sealed partial class RaftCore
{
    /// <summary>A learner this close behind is caught up: what is still missing arrives within the next round trips (dissertation §4.2.1).</summary>
    private const long CatchUpDistance = 512;

    /// <summary>How long a new member may make no progress before its caller is told.</summary>
    public static readonly long JoinPatience = TimeSpan.FromSeconds(10).Ticks;

    /// <summary>How long a removed member is still told that it is one.</summary>
    private static readonly long GoodbyePatience = TimeSpan.FromSeconds(2).Ticks;

    private readonly List<PendingJoin> _joins = [];
    private PendingChange? _change;
    private long _handledConfiguration;
    private bool _removed;

    /// <summary>A committed configuration has had this node. One that never did is a newcomer that has not come to its own entry yet, whatever the configurations before it say.</summary>
    private bool _wasMember;

    /// <summary>Set when this leader's own removal has committed; it steps down at the end of the step.</summary>
    private string? _retireCause;

    private void AppendConfiguration(ClusterConfiguration configuration)
    {
        Invariant.Holds(CanServeReads && ConfigurationIndex <= CommitIndex, "one change at a time, and none before the term has committed an entry");
        // Leases were promised by a quorum of the old voters; the new ones promise for themselves.
        _leaseUntil = 0;
        if (LeaseIsWanted)
            _leaseFromRound = _round + 1;
        AppendAsLeader(new LogEntry[] { new(Term, _log.LastIndex + 1, LogTime(_now), EntryKind.Configuration, configuration.Encode()) });
    }

    private void OnConfigurationInForce()
    {
        if (_announcedConfiguration == Configuration && _announcedConfigurationIndex == ConfigurationIndex)
            return;
        AnnounceConfiguration();
        if (Self is not null)
            _removed = false;
        if (Role == RaftRole.Leader)
            UpdatePeers();
        else
            UpdatePassiveRole("the configuration changed");
    }

    /// <summary>Brings the list of peers in line with the configuration in force. A removed one is fed until it knows.</summary>
    private void UpdatePeers()
    {
        foreach (var member in Configuration.Members)
        {
            if (member.NodeId == NodeId)
                continue;
            var peer = FindPeer(member.NodeId);
            if (peer is null)
                _peers.Add(peer = new Progress(member.NodeId, member.Incarnation, _log.LastIndex + 1, _now.Ticks, _settings));
            else if (BeginsAnew(peer, member))
                peer = Renew(peer, member.Incarnation);
            peer.Role = member.Role;
            peer.RemovedAt = peer.GoodbyeRound = 0;
            peer.GoodbyeUntil = Moment.Never;
        }
        foreach (var peer in _peers)
        {
            if (peer.RemovedAt == 0 && Configuration.Find(peer.NodeId) is null)
                peer.RemovedAt = ConfigurationIndex;
        }
    }

    private void OnLeaderCommittedConfiguration()
    {
        if (ConfigurationIndex > CommitIndex || ConfigurationIndex == _handledConfiguration)
            return;
        _handledConfiguration = ConfigurationIndex;
        if (_change is { } change)
        {
            _change = null;
            Complete(change.Id, "Done.");
        }
        for (var i = _joins.Count - 1; i >= 0; i--)
        {
            if (Configuration.IsVoter(_joins[i].NodeId))
                Complete(TakeJoin(i).Id, "It has caught up and votes.");
            else if (Configuration.Find(_joins[i].NodeId) is null)
                Refuse(TakeJoin(i).Id, RaftKvMembershipError.UnknownMember, "It was removed before it had caught up.");
        }

        var goodbye = false;
        foreach (var peer in _peers)
        {
            if (peer.RemovedAt == 0 || peer.GoodbyeRound != 0)
                continue;
            peer.GoodbyeRound = _round + 1;
            peer.GoodbyeUntil = _now.Ticks + GoodbyePatience;
            goodbye = true;
        }
        if (goodbye)
            BeginRound();
        if (Self is null)
            _retireCause = "its removal is committed";
    }

    /// <summary>The leader that has committed its own removal tells its followers, asks the best of them to go on, and is done (dissertation §4.2.2).</summary>
    private void Retire(string cause)
    {
        _retireCause = null;
        foreach (var peer in _peers)
        {
            if (peer.State == ProgressState.Replicate)
                SendHeartbeat(peer);
        }
        if (MostAdvancedVoter() is { } successor)
            Send(successor.NodeId, new TimeoutNow(Term));
        _removed = true;
        BecomeFollower(Term, null, cause);
    }

    private void OnPeerProgress(Progress peer, long verified)
    {
        if (_retireCause is not null)
            return;
        HandOverTo(peer);
        if (peer.GoodbyeRound > 0 && peer.Round >= peer.GoodbyeRound && verified >= peer.RemovedAt)
            _peers.Remove(peer);
        else if (peer.Role == MemberRole.Joining)
            PromoteWhenCaughtUp(peer);
    }

    private void PromoteWhenCaughtUp(Progress peer)
    {
        if (_pendingChange is not null || WhyNoChange() is not null || peer.RemovedAt != 0 || !HasCaughtUp(peer))
            return;
        if (HasEnoughVoters)
            CompleteJoins(peer.NodeId, "It has caught up and stands by: there are enough voters.");
        else
            BeginChange(null, new PromoteJoining(peer.NodeId));
    }

    private void WatchMembers()
    {
        for (var i = _joins.Count - 1; i >= 0; i--)
        {
            if (FindPeer(_joins[i].NodeId) is { } peer && _now.Ticks - Math.Max(peer.LastAdvance, _joins[i].Since) > JoinPatience)
                Refuse(TakeJoin(i).Id, RaftKvMembershipError.NotCaughtUp, "It has made no progress; it stays a learner until it has caught up.");
        }
        for (var i = _peers.Count - 1; i >= 0; i--)
        {
            if (_now.Ticks >= _peers[i].GoodbyeUntil)
                _peers.RemoveAt(i);
        }
        ConsiderChange();
        foreach (var peer in _peers)
        {
            if (peer.Role == MemberRole.Joining)
                PromoteWhenCaughtUp(peer);
        }
        DemoteDistrusted();
        RetireSurplusVoter();
    }

    private bool HasCaughtUp(Progress peer) =>
        IsInContact(peer) && peer.Match >= ConfigurationIndex && (peer.Match >= CommitIndex || _log.LastIndex - peer.Match <= CatchUpDistance);

    private void LeaveChangesToTheNextLeader()
    {
        const string Held = "The leadership was lost before the change was in the log. Nothing was changed; ask the new leader.";
        const string Open = "The leadership was lost while the change was in the log and not committed: it may be carried out or not. "
            + "Ask the new leader.";
        if (_pendingChange?.Id is { } pending)
            Refuse(pending, RaftKvMembershipError.ChangeInProgress, Held, retry: true);
        if (_change is { } change)
            LeaveOpen(change.Id, Open);
        foreach (var join in _joins)
            LeaveOpen(join.Id, Open);
        _pendingChange = null;
        _change = null;
        _joins.Clear();
        _handledConfiguration = 0;
    }

    /// <summary>Whether a node is in no configuration this node could follow.</summary>
    private bool IsOutsider(string nodeId)
    {
        var committed = _configurations.At(CommitIndex).Configuration;
        return committed.Members.Count > 0 && committed.Find(nodeId) is null && Configuration.Find(nodeId) is null;
    }

    private void OnRemovedNotice(string from, RemovedNotice m)
    {
        // A notice of a configuration older than the newest one here says nothing: this node may have been added again since.
        if (Role is RaftRole.Leader or RaftRole.Removed || m.ConfigurationIndex < ConfigurationIndex || Configuration.Find(from) is null)
            return;
        _removed = true;
        BecomeFollower(Term, null, $"{from} says that it was removed");
    }

    private void UpdatePassiveRole(string cause)
    {
        NoteMembership(CommitIndex);
        if (_wasMember && ConfigurationIndex <= CommitIndex && Self is null)
            _removed = true;
        if (Role is RaftRole.Leader or RaftRole.PreCandidate or RaftRole.Candidate)
            return;
        Role = PassiveRole();
        Announce(cause);
    }

    private void NoteMembership(long commit) => _wasMember = _wasMember || _configurations.HasNamed(NodeId, _settings.Incarnation, commit);

    private PendingJoin TakeJoin(int at)
    {
        var join = _joins[at];
        _joins.RemoveAt(at);
        return join;
    }

    private void Complete(long id, string message) => _effects.Add(new RequestCompleted(id, null, message));

    private void LeaveOpen(long id, string message) =>
        _effects.Add(new RequestCompleted(id, RaftKvMembershipError.ChangeInProgress, message, Retry: true, Unknown: true));

    private void Refuse(long id, RaftKvMembershipError error, string message, bool retry = false) =>
        _effects.Add(new RequestCompleted(id, error, message, retry));

    private sealed record PendingChange(long Id, long Index);

    private readonly record struct PendingJoin(long Id, string NodeId, long Since);
}
