namespace RaftKv.Embedded.Node;

/// <summary>The host is about to stop; completes when this node does not lead any more, or could not hand over in time.</summary>
internal sealed class HandOverWanted(TaskCompletionSource done) : ReplicaInput
{
    public TaskCompletionSource Done => done;
}
