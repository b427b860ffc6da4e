using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Diagnostics;
using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Node;

// The time between the adoption by a cluster and the first committed configuration that names this node.
internal sealed partial class Replica
{
    /// <summary>Gives a cluster up that this node has nothing of. To the rest of it, if there is any, the node is from now on one whose disk was replaced.</summary>
    private void OnClusterAbandoned(ClusterAbandoned abandoned)
    {
        if (_context.Core is not { LeaderId: null } || !_bootstrap.IsEmpty || _context.Identity.ClusterId != abandoned.ClusterId || _context.IsStopping || !_submissions.IsIdle)
            return;
        _context.Dependencies.Formation.Forget();
        _context.Core = null;
        _submissions.DropHeld();
        _peers.Clear();
        _rolledBackMembers.Clear();
        _context.Transport.SetPeers([]);
        _context.Transport.HangUp();
        _bootstrap.Reset();
        _publisher.Reset();
        _context.Log.ClusterAbandoned(_context.NodeId, abandoned.ClusterId);
        _publisher.PublishNow();
    }
}
