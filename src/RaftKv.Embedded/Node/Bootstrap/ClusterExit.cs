using RaftKv.Embedded.Diagnostics;

namespace RaftKv.Embedded.Node;

/// <summary>
/// Gives up a cluster that adopted this node, of which it has no entry, and which no longer exists. For other nodes of that cluster, if
/// there are any, this node is from then on a node whose disk was replaced.
/// </summary>
internal sealed class ClusterExit(
    ReplicaContext context, LogSubmissions submissions, BootstrapProgress bootstrap, PeerDirectory peers, MemberDiscovery discovery,
    StatusPublisher status)
{
    public void OnAbandoned(ClusterAbandoned abandoned)
    {
        if (context.Core is not { LeaderId: null } || !bootstrap.IsEmpty || context.Identity.ClusterId != abandoned.ClusterId
            || context.IsStopping
            || !submissions.IsIdle)
            return;
        context.Parts.ClusterBootstrap.Forget();
        context.Core = null;
        submissions.DropHeld();
        peers.Clear();
        discovery.Clear();
        context.Transport.SetPeers([]);
        context.Transport.HangUp();
        bootstrap.Reset();
        status.Reset();
        context.Log.ClusterAbandoned(context.NodeId, abandoned.ClusterId);
        status.PublishNow();
    }
}
