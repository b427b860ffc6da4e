using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Node;

/// <summary>A node introduced itself.</summary>
internal sealed class NodeMet(Member node) : ReplicaInput
{
    public Member Node => node;
}
