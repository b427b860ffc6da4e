using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Replica;

namespace RaftKv.Embedded.Client;

/// <summary>Where the clients find the replica: it exists only between the host's start and stop.</summary>
internal sealed class ReplicaAccess
{
    private ReplicaHost? _host;

    public ReplicaHost Host => Volatile.Read(ref _host)
        ?? throw new InvalidOperationException("The replica is not running: it starts and stops with the host that AddRaftKv was called for. Start the host first.");

    /// <summary>What may become an entry: the cluster's limits, or the node's own while it does not run.</summary>
    public ClusterLimits Limits(RaftKvOptions options) => Volatile.Read(ref _host)?.Replica.Limits ?? ClusterLimits.Of(options);

    public void Set(ReplicaHost host) => Volatile.Write(ref _host, host);
}
