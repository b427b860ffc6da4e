using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Diagnostics;

namespace RaftKv.Embedded.Node;

/// <summary>What follows when the core's role, leader or configuration changes. Holder of the turn.</summary>
internal sealed class RoleChanges(
    ReplicaContext context, StatusPublisher status, BootstrapProgress bootstrap, PeerDirectory peers, ClusterFeatures features,
    MembershipRequests requests, DiskMonitor disk, ExpiryScheduler expiry, PendingProposals proposals, PendingReads reads)
{
    public void OnRoleChanged(RoleChanged changed)
    {
        // A node that joins is in no configuration yet, like a node that was removed, and the core has one role for both.
        var role = changed.Role == RaftRole.Removed && !bootstrap.WasNamed ? "Joining" : changed.Role.ToString();
        context.Log.RoleChanged(context.NodeId, role, changed.Term, changed.LeaderId ?? "no node", changed.Cause);
        if (status.RecordElection(changed) && (changed.LeaderId is null || changed.LeaderId != context.NodeId))
            requests.ReleaseForwarded();
        disk.OnRoleChanged();
        expiry.OnRoleChanged();
        if (changed.LeaderId is not null)
        {
            peers.OnLeaderKnown(changed.LeaderId);
            disk.OnLeaderKnown();
            proposals.OnLeaderKnown(changed.Term, changed.LeaderId);
            reads.Retry();
        }
        status.PublishNow();
    }

    public void OnEntriesLost(EntriesLost lost)
    {
        context.Log.EntriesLost(context.NodeId, lost.Peer, lost.Acknowledged, lost.Last.Index);
        status.PublishNow();
    }

    public void OnConfigurationChanged(ConfigurationChanged changed)
    {
        context.Log.ConfigurationChanged(context.NodeId, changed.Index, changed.Configuration.Describe());
        bootstrap.OnConfigurationChanged(changed.Configuration);
        peers.Update();
        features.OnConfigurationChanged();
        status.PublishNow();
    }
}
