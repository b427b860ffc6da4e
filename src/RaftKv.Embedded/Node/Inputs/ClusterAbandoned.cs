namespace RaftKv.Embedded.Node;

/// <summary>
/// The cluster that adopted this node had no entry for it and no longer exists: it is given up, unless the node has heard from it since.
/// </summary>
internal sealed class ClusterAbandoned(Guid clusterId) : ReplicaInput
{
    public Guid ClusterId => clusterId;
}
