namespace RaftKv.Embedded;

/// <summary>A change of the leader as one node saw it.</summary>
/// <param name="Term">The term that began.</param>
/// <param name="LeaderId">The leader of the term; <c>null</c> while there is none.</param>
/// <param name="At">When this node saw it, by its own wall clock.</param>
/// <param name="Cause">Why, in words.</param>
public sealed record RaftKvElection(long Term, string? LeaderId, DateTimeOffset At, string Cause);
