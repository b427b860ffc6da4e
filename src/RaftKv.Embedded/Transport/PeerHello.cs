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

    public bool IsProbe => TargetNodeId.Length == 0;
}
