namespace RaftKv.Embedded.Node;

/// <summary>The attempt to take a newcomer in has ended.</summary>
internal sealed class JoinRequestSettled(string nodeId, Guid incarnation, AdminResult result) : ReplicaInput
{
    public string NodeId => nodeId;
    public Guid Incarnation => incarnation;
    public AdminResult Result => result;
}
