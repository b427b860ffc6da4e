using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Consensus;

/// <summary>A change of one member (dissertation §4.1: one at a time).</summary>
internal abstract record MembershipChange(string NodeId);

/// <summary>
/// Adds a learner; with <see cref="MemberRole.Joining"/> the leader promotes it when it has caught up. If the member is present already,
/// its address and incarnation are updated.
/// </summary>
internal sealed record AddMember(Member Member) : MembershipChange(Member.NodeId);

/// <summary>
/// A node without a cluster asks to join. If it has the name of a member, that member lost its data directory. It keeps its role: a voter
/// votes again once it has caught up.
/// </summary>
internal sealed record AdmitMember(Member Member) : MembershipChange(Member.NodeId);

/// <summary>Makes a learner that has caught up a voter.</summary>
internal sealed record PromoteMember(string NodeId) : MembershipChange(NodeId);

/// <summary>Begun by the leader: makes a member that joins and has caught up a voter, unless there are enough voters.</summary>
internal sealed record PromoteJoining(string NodeId) : MembershipChange(NodeId);

/// <summary>Begun by the leader: takes the vote of a voter whose disk has lost entries that it acknowledged.</summary>
internal sealed record DemoteVoter(string NodeId) : MembershipChange(NodeId);

/// <summary>Begun by the leader: takes the vote of a voter when there are more than <see cref="RaftSettings.TargetVoters"/>.</summary>
internal sealed record RetireVoter(string NodeId) : MembershipChange(NodeId);

/// <summary>Removes a member, whether it answers or not. It may be the leader itself.</summary>
internal sealed record RemoveMember(string NodeId) : MembershipChange(NodeId);

/// <summary>Every member speaks this level and allows these limits: they hold from the entry on. Neither is ever lowered.</summary>
internal sealed record RaiseFeatureLevel(int Level, ClusterLimits? Limits = null) : MembershipChange("");
