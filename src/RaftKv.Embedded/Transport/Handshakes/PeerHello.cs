using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Transport;

/// <summary>How a node introduces itself, first thing on every connection, in both directions.</summary>
internal sealed record PeerHello
{
    /// <summary>Empty while the node has no cluster.</summary>
    public Guid ClusterId { get; init; }

    public required string NodeId { get; init; }

    public Guid Incarnation { get; init; }

    /// <summary>Where the node wants to be dialled.</summary>
    public string Address { get; init; } = "";

    /// <summary>Dialler: whom it believes it dials; empty for a probe, which only asks and hangs up.</summary>
    public string TargetNodeId { get; init; } = "";

    /// <summary>Dialler: the incarnation it believes it dials; empty if unknown.</summary>
    public Guid TargetIncarnation { get; init; }

    /// <summary>The newest feature level the node speaks.</summary>
    public int FeatureLevel { get; init; } = 1;

    /// <summary>This run of the process, another one after each start; empty from versions that do not say.</summary>
    public Guid Process { get; init; }

    /// <summary>When this run began, in Unix milliseconds: of two processes with one identity the later one is turned away.</summary>
    public long StartedAt { get; init; }

    /// <summary>A probe of a node without a cluster that wants to be taken into the one it asks.</summary>
    public bool WantsToJoin { get; init; }

    /// <summary>How old the node's data directory is; <c>null</c> from versions that do not say.</summary>
    public PeerStart? Start { get; init; }

    /// <summary>What the node's options allow to become an entry; <c>null</c> from versions that do not say.</summary>
    public ClusterLimits? Limits { get; init; }

    /// <summary>
    /// Of a node that has no entry of any cluster: its list of initial members, 0 if it has none. <c>null</c> from other nodes, and from
    /// versions that do not say.
    /// </summary>
    public ulong? InitialMembersDigest { get; init; }

    /// <summary>The node belongs to a cluster and has neither an entry nor a snapshot of it.</summary>
    public bool HoldsNothing { get; init; }

    /// <summary>
    /// In the answer to a node that wants to join: why the cluster did not admit it when it asked before; empty if there is nothing to
    /// say.
    /// </summary>
    public string JoinAnswer { get; init; } = "";

    /// <summary>Whether long frames may be sent to it in parts.</summary>
    public bool AcceptsParts { get; init; }

    public bool IsProbe => TargetNodeId.Length == 0;

    /// <summary>What a dialler of the cluster thinks of the answer when it meant that member.</summary>
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
