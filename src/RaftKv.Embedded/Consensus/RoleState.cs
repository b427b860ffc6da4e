namespace RaftKv.Embedded.Consensus;

/// <summary>
/// The role of this node, and the state that only this role has. Each is created when the role begins and dropped when it ends, so no
/// state of a former role is left.
/// </summary>
internal sealed class RoleState(ReplicaState replica)
{
    private (RaftRole Role, long Term, string? Leader) _announced = (RaftRole.Follower, -1, null);

    public RaftRole Role { get; private set; } = RaftRole.Follower;

    /// <summary>Set while this node leads.</summary>
    public Leadership? Leadership { get; private set; }

    /// <summary>Set while this node knows another node that leads.</summary>
    public Following? Following { get; private set; }

    /// <summary>Set while this node campaigns.</summary>
    public Candidacy? Candidacy { get; private set; }

    public string? LeaderId => Leadership is not null ? replica.NodeId : Following?.LeaderId;

    public bool IsLeader => Leadership is not null;

    public bool IsActive => Role is RaftRole.Leader or RaftRole.PreCandidate or RaftRole.Candidate;

    public void Lead(Leadership leadership)
    {
        Role = RaftRole.Leader;
        (Leadership, Following, Candidacy) = (leadership, null, null);
    }

    public void Campaign(RaftRole role, Candidacy candidacy)
    {
        Role = role;
        (Leadership, Following, Candidacy) = (null, null, candidacy);
    }

    /// <param name="role">The role of a node that neither leads nor campaigns.</param>
    /// <param name="following">The leader, if it is known.</param>
    public void Follow(RaftRole role, Following? following)
    {
        Role = role;
        (Leadership, Following, Candidacy) = (null, following, null);
    }

    public void ForgetLeader() => Following = null;

    /// <summary>Changes the role of a node that neither leads nor campaigns. It goes on following its leader.</summary>
    public void ChangePassiveRole(RaftRole role) => Role = role;

    public void Announce(string cause)
    {
        if ((Role, replica.Term, LeaderId) == _announced)
            return;
        _announced = (Role, replica.Term, LeaderId);
        replica.Outbox.Add(new RoleChanged(Role, replica.Term, LeaderId, cause));
    }
}
