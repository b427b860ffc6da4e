using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Node;

/// <summary>The node has become part of a cluster, which it bootstrapped or which adopted it; that is durable.</summary>
internal sealed class Bootstrapped(RaftStart start) : ReplicaInput
{
    public RaftStart Start => start;
}
