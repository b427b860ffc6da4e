namespace RaftKv.Embedded.Consensus;

/// <summary>A change that is not in the log yet: it waits for its proof, and is judged anew when the proof is there.</summary>
/// <param name="Id">The request it answers; <c>null</c> for a change that the leader begins by itself.</param>
/// <param name="Change">What is wanted.</param>
/// <param name="Proof">The answers it waits for.</param>
internal sealed record PendingConfigurationChange(long? Id, MembershipChange Change, QuorumProof Proof);
