namespace RaftKv.Embedded.Consensus;

/// <summary>
/// Whether this node is a member, was one, or was removed; and the role that follows from it while it neither leads nor campaigns.
/// </summary>
internal sealed class OwnMembership(ReplicaState replica, RoleState roles)
{
    /// <summary>
    /// A committed configuration has had this node. Otherwise it is a new node whose log does not reach the entry that adds it yet, and
    /// earlier configurations without it do not mean that it was removed.
    /// </summary>
    private bool _wasMember;
    private bool _isRemoved;

    public RaftRole PassiveRole
    {
        get
        {
            if (_isRemoved)
                return RaftRole.Removed;
            return replica.Self switch
            {
                { IsVoter: true } => RaftRole.Follower,
                null when replica.Configuration.Members.Count > 0 && roles.Role != RaftRole.Learner => RaftRole.Follower,
                _ => RaftRole.Learner,
            };
        }
    }

    public void MarkRemoved() => _isRemoved = true;

    /// <summary>Under a new identity this node was never a member, so no configuration removes it.</summary>
    public void Reset() => _wasMember = _isRemoved = false;

    /// <summary>Another configuration may be in force; <c>false</c> when it is the same as before.</summary>
    public bool OnConfigurationInForce()
    {
        if (!replica.AnnounceConfiguration())
            return false;
        if (replica.Self is not null)
            _isRemoved = false;
        if (!roles.IsLeader)
            UpdatePassiveRole("the configuration changed");
        return true;
    }

    public void UpdatePassiveRole(string cause)
    {
        NoteMembership(replica.CommitIndex);
        if (_wasMember && replica.ConfigurationIndex <= replica.CommitIndex && replica.Self is null)
            _isRemoved = true;
        if (roles.IsActive)
            return;
        roles.ChangePassiveRole(PassiveRole);
        roles.Announce(cause);
    }

    public void NoteMembership(long commit) =>
        _wasMember = _wasMember || replica.Configurations.HasNamed(replica.NodeId, replica.Settings.Incarnation, commit);

    /// <summary>Commits entries on a node that does not lead.</summary>
    public void AdvanceCommit(long to)
    {
        if (replica.AdvanceCommit(to))
            UpdatePassiveRole("its removal is committed");
    }

    /// <summary>
    /// Whether a node is neither in the committed configuration nor in the one in force. <c>false</c> while none is committed.
    /// </summary>
    public bool IsOutsider(string nodeId)
    {
        var committed = replica.Configurations.At(replica.CommitIndex).Configuration;
        return committed.Members.Count > 0 && committed.Find(nodeId) is null && replica.Configuration.Find(nodeId) is null;
    }
}
