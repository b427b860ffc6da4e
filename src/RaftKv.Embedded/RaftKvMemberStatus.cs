namespace RaftKv.Embedded;

/// <summary>One member as this node sees it.</summary>
/// <param name="NodeId">Its name.</param>
/// <param name="Address">Where its peers reach it, host:port.</param>
/// <param name="IsVoter">Whether it votes; <c>false</c> for a learner.</param>
/// <param name="IsLeader">Whether this node believes that it leads.</param>
/// <param name="Match">How far its log is known to agree with the leader's; only the leader knows, otherwise <c>null</c>.</param>
/// <param name="LastContact">How long ago this node last heard from it; <c>null</c> if never.</param>
public sealed record RaftKvMemberStatus(string NodeId, string Address, bool IsVoter, bool IsLeader, long? Match, TimeSpan? LastContact);
