using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Transport;

/// <summary>The introduction of a node: the first message on every connection, in both directions.</summary>
internal sealed record PeerHello
{
    /// <summary>Empty while the node has no cluster.</summary>
    public Guid ClusterId { get; init; }

    public required string NodeId { get; init; }

    public Guid Incarnation { get; init; }

    /// <summary>The address at which the node wants to be dialled.</summary>
    public string Address { get; init; } = "";

    /// <summary>
    /// Only from a dialler: the node that it means to reach; empty for a probe, which only asks and closes the connection.
    /// </summary>
    public string TargetNodeId { get; init; } = "";

    /// <summary>Only from a dialler: the incarnation that it means to reach; empty if unknown.</summary>
    public Guid TargetIncarnation { get; init; }

    /// <summary>The newest feature level the node speaks.</summary>
    public int FeatureLevel { get; init; } = 1;

    /// <summary>The id of this run of the process, which is new at each start; empty from versions that do not send it.</summary>
    public Guid Process { get; init; }

    /// <summary>When this run began, in Unix milliseconds: of two processes with the same identity the later one is refused.</summary>
    public long StartedAt { get; init; }

    /// <summary>A probe of a node without a cluster that wants to join the cluster of the receiver.</summary>
    public bool WantsToJoin { get; init; }

    /// <summary>Shows how old the node's data directory is; <c>null</c> from versions that do not send it.</summary>
    public PeerStart? Start { get; init; }

    /// <summary>The limits of the node's options on entries; <c>null</c> from versions that do not send them.</summary>
    public ClusterLimits? Limits { get; init; }

    /// <summary>
    /// From a node that has no entry of any cluster: the digest of its list of initial members, 0 if it has none. <c>null</c> from other
    /// nodes, and from versions that do not send it.
    /// </summary>
    public ulong? InitialMembersDigest { get; init; }

    /// <summary>The node belongs to a cluster and has neither an entry nor a snapshot of it.</summary>
    public bool HoldsNothing { get; init; }

    /// <summary>
    /// In the answer to a node that wants to join: why the cluster did not admit it when it asked before; empty if there is no reason.
    /// </summary>
    public string JoinAnswer { get; init; } = "";

    /// <summary>Whether long frames may be sent to it in parts.</summary>
    public bool AcceptsParts { get; init; }

    public bool IsProbe => TargetNodeId.Length == 0;

    /// <summary>
    /// The verdict of a dialler of <paramref name="cluster"/> on this answer, when it meant to reach <paramref name="member"/>.
    /// </summary>
    public HandshakeVerdict JudgeAs(Member member, Guid cluster)
    {
        if (NodeId != member.NodeId)
            return HandshakeVerdict.NotMe;
        if (member.Incarnation != Guid.Empty && Incarnation != member.Incarnation)
            return HandshakeVerdict.OtherIncarnation;
        return cluster != Guid.Empty && ClusterId != Guid.Empty && ClusterId != cluster ? HandshakeVerdict.OtherCluster
            : HandshakeVerdict.Welcome;
    }
}
