namespace RaftKv.Embedded.Node;

/// <summary>The state machine opened the session this process asked for.</summary>
internal sealed class SessionOpened(long session) : ReplicaInput
{
    public long Session => session;
}
