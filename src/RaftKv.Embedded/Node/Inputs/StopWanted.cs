namespace RaftKv.Embedded.Node;

/// <summary>The node is about to stop: take no new calls and hand over the leadership.</summary>
internal sealed class StopWanted(TaskCompletionSource done) : ReplicaInput
{
    public TaskCompletionSource Done => done;
}
