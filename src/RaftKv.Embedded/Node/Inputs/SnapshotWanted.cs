namespace RaftKv.Embedded.Node;

/// <summary>A caller wants a snapshot now.</summary>
internal sealed class SnapshotWanted(TaskCompletionSource<KvVersion> done) : ReplicaInput
{
    public TaskCompletionSource<KvVersion> Done => done;
}
