namespace RaftKv.Embedded.Node;

/// <summary>The attempt to admit a node that asked for it has ended.</summary>
internal sealed class JoinRequestSettled(string nodeId, Guid incarnation, AdminResult result) : ReplicaInput
{
    public string NodeId => nodeId;
    public Guid Incarnation => incarnation;
    public AdminResult Result => result;
}
