namespace RaftKv.Embedded.Consensus;

// Membership, one change at a time: dissertation §4.1 to §4.4.
internal sealed partial class RaftCore
{
    /// <summary>A learner this close behind is caught up: what is still missing arrives within the next round trips (dissertation §4.2.1).</summary>
    private const long CatchUpDistance = 512;

    /// <summary>How long a new member may make no progress before its caller is told.</summary>
    private static readonly long JoinPatience = TimeSpan.FromSeconds(10).Ticks;

    /// <summary>How long a removed member is still told that it is one.</summary>
    private static readonly long GoodbyePatience = TimeSpan.FromSeconds(2).Ticks;

    /// <summary>How long a voter must have been silent before another disk may take its name.</summary>
    private static readonly long DiskPatience = TimeSpan.FromSeconds(3).Ticks;

    private readonly List<PendingJoin> _joins = [];
    private PendingChange? _change;
    private long _handledConfiguration;
    private bool _removed;

    /// <summary>Set when this leader's own removal has committed; it steps down at the end of the step.</summary>
    private string? _retireCause;

    private void OnChangeRequested(long id, MembershipChange change)
    {
        if (Role != RaftRole.Leader)
            Refuse(id, RaftKvMembershipError.ChangeInProgress, "This node does not lead.", retry: true);
        else if (_transfer is not null)
            Refuse(id, RaftKvMembershipError.ChangeInProgress, "The leadership is being handed over.", retry: true);
        else if (!CanServeReads)
            // Without an entry of its own term it cannot know whether an older change is still open (Ongaro, raft-dev, 2015).
            Refuse(id, RaftKvMembershipError.ChangeInProgress, "The leader has just been elected; ask again.", retry: true);
        else if (ConfigurationIndex > CommitIndex)
            // It may be one that no operator asked for, a promotion or a new address: a moment later it is over.
            Refuse(id, RaftKvMembershipError.ChangeInProgress, "Another change is not committed yet.", retry: true);
        else
        {
            switch (change)
            {
                case AddMember add: Add(id, add.Member); break;
                case PromoteMember promote: Promote(id, promote.NodeId); break;
                case RemoveMember remove: Remove(id, remove.NodeId); break;
                case RaiseFeatureLevel raise: Raise(id, raise); break;
            }
        }
    }

    private void Raise(long id, RaiseFeatureLevel raise)
    {
        var level = Math.Max(raise.Level, Configuration.FeatureLevel);
        var limits = raise.Limits is { } allowed ? Configuration.Limits?.RaisedTo(allowed) ?? allowed : Configuration.Limits;
        if (level == Configuration.FeatureLevel && limits == Configuration.Limits)
            Complete(id, "It is in force already.");
        else
            Change(id, Configuration.At(level, limits), "", joins: false);
    }

    private void Add(long id, Member wanted)
    {
        var existing = Configuration.Find(wanted.NodeId);
        if (existing is null)
        {
            var role = wanted.Role == MemberRole.Learner ? MemberRole.Learner : MemberRole.Joining;
            Change(id, Configuration.With(wanted with { Role = role }), wanted.NodeId, role == MemberRole.Joining);
            return;
        }

        // A caller that does not know the incarnation means the member as it is.
        var incarnation = wanted.Incarnation == Guid.Empty ? existing.Incarnation : wanted.Incarnation;
        if (existing.IsVoter && incarnation != existing.Incarnation)
        {
            ReplaceDisk(id, wanted);
            return;
        }
        var joins = wanted.Role != MemberRole.Learner && !existing.IsVoter;
        var updated = wanted with { Incarnation = incarnation, Role = joins ? MemberRole.Joining : existing.IsVoter ? MemberRole.Voter : MemberRole.Learner };
        if (updated != existing)
            Change(id, Configuration.With(updated), wanted.NodeId, joins);
        else if (joins)
            _joins.Add(new PendingJoin(id, wanted.NodeId, _now.Ticks));
        else
            Complete(id, $"{wanted.NodeId} is a member already.");
    }

    /// <summary>
    /// A voter came back with an empty disk: in one entry its vote goes and a learner of its name comes, which for the voters is a removal like any other. The old disk held votes and
    /// entries that the new one does not have; while it may still be alive, somebody has only given two nodes one name.
    /// </summary>
    private void ReplaceDisk(long id, Member wanted)
    {
        var replaced = Configuration.With(wanted with { Role = MemberRole.Joining });
        if (wanted.NodeId == NodeId || FindPeer(wanted.NodeId) is not { } peer || _now.Ticks - peer.LastContact < DiskPatience)
            Refuse(id, RaftKvMembershipError.MemberExists, $"{wanted.NodeId} is a voter with another data directory, and was heard of a moment ago; remove it first.");
        else if (replaced.VoterCount == 0)
            Refuse(id, RaftKvMembershipError.LastVoter, $"{wanted.NodeId} is the last voter.");
        else if (!KeepsQuorum(replaced))
            Refuse(id, RaftKvMembershipError.WouldLoseQuorum, $"Without {wanted.NodeId} the voters in contact now would not be a quorum.");
        else
            Change(id, replaced, wanted.NodeId, joins: true);
    }

    private void Promote(long id, string nodeId)
    {
        if (Configuration.Find(nodeId) is not { } member)
        {
            Refuse(id, RaftKvMembershipError.UnknownMember, $"No member is called {nodeId}.");
        }
        else if (member.IsVoter)
        {
            Complete(id, $"{nodeId} is a voter already.");
        }
        else if (FindPeer(nodeId) is not { } peer || !HasCaughtUp(peer))
        {
            Refuse(id, RaftKvMembershipError.NotCaughtUp, $"{nodeId} has not caught up.");
        }
        else
        {
            var promoted = Configuration.With(member with { Role = MemberRole.Voter });
            if (KeepsQuorum(promoted))
                Change(id, promoted, nodeId, joins: false);
            else
                Refuse(id, RaftKvMembershipError.WouldLoseQuorum, "Too few voters are in contact to need one more of them.");
        }
    }

    private void Remove(long id, string nodeId)
    {
        if (Configuration.Find(nodeId) is not { } member)
        {
            Refuse(id, RaftKvMembershipError.UnknownMember, $"No member is called {nodeId}.");
            return;
        }
        var rest = Configuration.Without(nodeId);
        if (member.IsVoter && rest.VoterCount == 0)
            Refuse(id, RaftKvMembershipError.LastVoter, $"{nodeId} is the last voter.");
        else if (member.IsVoter && !KeepsQuorum(rest))
            Refuse(id, RaftKvMembershipError.WouldLoseQuorum, $"Without {nodeId} the voters in contact now would not be a quorum.");
        else
            Change(id, rest, nodeId, joins: false);
    }

    private void Change(long id, ClusterConfiguration configuration, string nodeId, bool joins)
    {
        if (joins)
            _joins.Add(new PendingJoin(id, nodeId, _now.Ticks));
        else
            _change = new PendingChange(id, _log.LastIndex + 1);
        AppendConfiguration(configuration);
    }

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
                _peers.Add(peer = new Progress(member.NodeId, member.Incarnation, _log.LastIndex + 1, _now.Ticks));
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
        if (!CanServeReads || _transfer is not null || ConfigurationIndex > CommitIndex || peer.RemovedAt != 0 || !HasCaughtUp(peer))
            return;
        if (HasEnoughVoters)
        {
            CompleteJoins(peer.NodeId, "It has caught up and stands by: there are enough voters.");
            return;
        }
        var promoted = Configuration.With(Configuration.Find(peer.NodeId)! with { Role = MemberRole.Voter });
        if (KeepsQuorum(promoted))
            AppendConfiguration(promoted);
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
        foreach (var peer in _peers)
        {
            if (peer.Role == MemberRole.Joining && ConfigurationIndex <= CommitIndex)
                PromoteWhenCaughtUp(peer);
        }
        DemoteDistrusted();
        RetireSurplusVoter();
    }

    private bool HasCaughtUp(Progress peer) =>
        IsInContact(peer) && peer.Match >= ConfigurationIndex && (peer.Match >= CommitIndex || _log.LastIndex - peer.Match <= CatchUpDistance);

    /// <summary>Whether the voters of a new configuration that are in contact now could commit it.</summary>
    private bool KeepsQuorum(ClusterConfiguration configuration)
    {
        var alive = configuration.Find(NodeId) is { IsVoter: true } self && self.IsOf(_settings.Incarnation) ? 1 : 0;
        foreach (var peer in _peers)
        {
            if (IsInContact(peer) && configuration.IsVoter(peer.NodeId))
                alive++;
        }
        return alive >= configuration.Quorum;
    }

    private void LeaveChangesToTheNextLeader()
    {
        const string Message = "The leadership was lost before the change was finished; ask the new leader.";
        if (_change is { } change)
            Refuse(change.Id, RaftKvMembershipError.ChangeInProgress, Message, retry: true);
        foreach (var join in _joins)
            Refuse(join.Id, RaftKvMembershipError.ChangeInProgress, Message, retry: true);
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
        if (Configuration.Members.Count > 0 && ConfigurationIndex <= CommitIndex && Self is null)
            _removed = true;
        if (Role is RaftRole.Leader or RaftRole.PreCandidate or RaftRole.Candidate)
            return;
        Role = PassiveRole();
        Announce(cause);
    }

    private PendingJoin TakeJoin(int at)
    {
        var join = _joins[at];
        _joins.RemoveAt(at);
        return join;
    }

    private void Complete(long id, string message) => _effects.Add(new RequestCompleted(id, null, message));

    private void Refuse(long id, RaftKvMembershipError error, string message, bool retry = false) =>
        _effects.Add(new RequestCompleted(id, error, message, retry));

    private sealed record PendingChange(long Id, long Index);

    private readonly record struct PendingJoin(long Id, string NodeId, long Since);
}
