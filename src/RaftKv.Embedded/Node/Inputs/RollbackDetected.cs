namespace RaftKv.Embedded.Node;

/// <summary>A peer introduced a data directory that is older than what this node has seen of it, and was turned away.</summary>
internal sealed class RollbackDetected(string nodeId) : ReplicaInput
{
    public string NodeId => nodeId;
}
