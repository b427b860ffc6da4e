namespace RaftKv.Embedded.Node;

/// <summary>
/// The cluster that adopted this node had no entry for it and exists no more: it is given up, unless the node has heard from it since.
/// </summary>
internal sealed class ClusterAbandoned(Guid clusterId) : ReplicaInput
{
    public Guid ClusterId => clusterId;
}
