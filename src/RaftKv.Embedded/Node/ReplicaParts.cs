namespace RaftKv.Embedded.Node;

/// <summary>What a <see cref="Replica"/> works with: the ports of the node, and what was built from them.</summary>
/// <param name="Ports">The ports.</param>
/// <param name="ClusterBootstrap">Gives the node a cluster.</param>
/// <param name="LogWriter">Writes the log.</param>
/// <param name="Applier">Applies committed entries.</param>
/// <param name="Reader">
/// Reads old log entries and snapshot pieces for followers, measures the disk, and saves what is remembered of peers.
/// </param>
/// <param name="Snapshotter">Writes, receives and installs snapshots.</param>
internal sealed record ReplicaParts(
    ReplicaPorts Ports, ClusterBootstrap ClusterBootstrap, LogWriter LogWriter, Applier Applier, Worker Reader, Worker Snapshotter);
