namespace RaftKv.Embedded.Node;

/// <summary>A thread of the replica failed: stop taking part.</summary>
internal sealed class FaultHappened(Exception error) : ReplicaInput
{
    public Exception Error => error;
}
