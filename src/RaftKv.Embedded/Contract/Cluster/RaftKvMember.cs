namespace RaftKv.Embedded;

/// <summary>A member of the first configuration of a cluster.</summary>
public sealed class RaftKvMember
{
    /// <summary>Its name.</summary>
    public string NodeId { get; set; } = "";

    /// <summary>Where its peers reach it, host:port.</summary>
    public string Address { get; set; } = "";
}
