using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Node;

/// <summary>A quarantined node has its new state, or <c>Error</c> says why not.</summary>
internal sealed class StateLoaded(EntryId last, Exception? error) : ReplicaInput
{
    public EntryId Last => last;
    public Exception? Error => error;
}
