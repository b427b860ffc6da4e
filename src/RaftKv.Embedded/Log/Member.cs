namespace RaftKv.Embedded.Log;

/// <summary>A node of the cluster.</summary>
/// <param name="NodeId">Its name, unique in the cluster.</param>
/// <param name="Address">host:port; a hint, not an identity.</param>
/// <param name="Incarnation">The identity of its data directory: a wiped disk comes back as another incarnation and has no vote.</param>
/// <param name="Role">What it may do.</param>
internal sealed record Member(string NodeId, string Address, Guid Incarnation, MemberRole Role)
{
    public bool IsVoter => Role == MemberRole.Voter;

    /// <summary>Whether this is the member with that data directory; one of the two may not be known.</summary>
    public bool IsOf(Guid incarnation) => Incarnation == incarnation || Incarnation == Guid.Empty || incarnation == Guid.Empty;
}
