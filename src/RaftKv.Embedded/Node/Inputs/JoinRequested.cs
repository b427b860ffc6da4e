namespace RaftKv.Embedded.Node;

/// <summary>
/// A node without a cluster wants to be admitted, or the disk of a member was replaced by an empty one. <c>LeadersConcern</c>: every member
/// notices it, so only the leader acts.
/// </summary>
internal sealed class JoinRequested(string nodeId, Guid incarnation, string address, bool leadersConcern, bool isRolledBack = false)
    : ReplicaInput
{
    /// <summary>Its data directory is the old one, has gone back in time, and has a new identity.</summary>
    public bool IsRolledBack => isRolledBack;

    public string NodeId => nodeId;
    public Guid Incarnation => incarnation;
    public string Address => address;
    public bool LeadersConcern => leadersConcern;
}
