namespace RaftKv.Embedded.Log;

/// <summary>A node of the cluster.</summary>
/// <param name="NodeId">Its name, unique in the cluster.</param>
/// <param name="Address">host:port; a hint, not an identity.</param>
/// <param name="Incarnation">The identity of its data directory: a node with a wiped disk has another incarnation and no vote.</param>
/// <param name="Role">What it may do.</param>
internal sealed record Member(string NodeId, string Address, Guid Incarnation, MemberRole Role)
{
    public bool IsVoter => Role == MemberRole.Voter;

    /// <summary>
    /// Whether this is the member with that data directory. <see cref="Guid.Empty"/>, on either side, means not known and matches.
    /// </summary>
    public bool IsOf(Guid incarnation) => Incarnation == incarnation || Incarnation == Guid.Empty || incarnation == Guid.Empty;
}
