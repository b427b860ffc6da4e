using RaftKv.Embedded.Diagnostics;
using RaftKv.Embedded.Node;
using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Testing;

/// <summary>Opens the product's replica on the disk and the network of a test cluster.</summary>
internal sealed class ClusterNodeOpener(RaftKvTestNode node, IServiceProvider services) : ReplicaOpener
{
    public override LocalReplica Open(RaftKvOptions options, ReplicaClock clock, Observers observers) =>
        node.Open(services, environment => ReplicaHost.Open(options, clock, observers, environment));
}
