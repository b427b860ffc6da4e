namespace RaftKv.Embedded.Node;

/// <summary>The state machine refused a write because it does not know its session any more.</summary>
internal sealed class SessionLost(long session) : ReplicaInput
{
    public long Session => session;
}
