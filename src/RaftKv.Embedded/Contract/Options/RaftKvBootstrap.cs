namespace RaftKv.Embedded;

/// <summary>How a node whose data directory has no cluster gets one. Ignored once the data directory has a cluster.</summary>
public enum RaftKvBootstrap
{
    /// <summary>
    /// <see cref="InitialMembers"/> if there are initial members; otherwise <see cref="SingleNode"/> if nothing suggests that the node has
    /// peers: neither <see cref="RaftKvOptions.Seeds"/>, nor an <see cref="RaftKvOptions.AdvertiseAddress"/>, nor a
    /// <see cref="RaftKvOptions.ListenAddress"/> other than the default; otherwise <see cref="Never"/>.
    /// </summary>
    Auto = 0,

    /// <summary>
    /// The first write, or the first <see cref="IRaftKvCluster.AddMemberAsync(string, string, CancellationToken)"/> on this node, founds a
    /// cluster of one. Until then the node may be added to another cluster.
    /// </summary>
    SingleNode = 1,

    /// <summary>
    /// The nodes of <see cref="RaftKvOptions.InitialMembers"/> found a cluster together. If one of them has a cluster already, the node
    /// asks that cluster to admit it.
    /// </summary>
    InitialMembers = 2,

    /// <summary>
    /// The node never founds a cluster. It waits until a cluster admits it: with <see cref="RaftKvOptions.Seeds"/> or initial members it
    /// asks their cluster, otherwise another node adds it.
    /// </summary>
    Never = 3,
}
