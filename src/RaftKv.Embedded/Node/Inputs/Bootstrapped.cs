using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Node;

/// <summary>The node has become part of a cluster: founded or adopted, and durable.</summary>
internal sealed class Bootstrapped(RaftStart start) : ReplicaInput
{
    public RaftStart Start => start;
}
