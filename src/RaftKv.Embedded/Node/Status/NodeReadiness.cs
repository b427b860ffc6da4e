using RaftKv.Embedded.Diagnostics;

namespace RaftKv.Embedded.Node;

/// <summary>Whether this node serves, and if not, why.</summary>
internal sealed class NodeReadiness(
    ReplicaContext context, StatusPublisher status, QuarantineState quarantine, CopyFreshness freshness, RollbackProof proof,
    Shutdown shutdown, DiskMonitor disk)
{
    private static readonly TimeSpan LeastStallTimeout = TimeSpan.FromSeconds(5);

    private bool _wasReady;

    /// <summary>A node that hangs for longer serves no call in time.</summary>
    private TimeSpan StallTimeout =>
        context.Options.ElectionTimeout * 4 > LeastStallTimeout ? context.Options.ElectionTimeout * 4 : LeastStallTimeout;

    /// <summary>Any thread. Whether this node serves linearizable reads and writes now.</summary>
    public bool IsReady => Current == RaftKvReadiness.Ready;

    /// <summary>Any thread. Whether this node serves, and if not, why.</summary>
    public RaftKvReadiness Current
    {
        get
        {
            var parts = status.Parts;
            return parts.Role switch
            {
                RaftKvRole.Faulted => RaftKvReadiness.Faulted,
                RaftKvRole.Stopped => RaftKvReadiness.Stopped,
                RaftKvRole.Removed => RaftKvReadiness.Removed,
                RaftKvRole.Unformed => context.IsAlone ? RaftKvReadiness.Ready : RaftKvReadiness.NotFormed,
                _ when shutdown.IsLeaving => RaftKvReadiness.Stopping,
                _ when quarantine.IsActive => RaftKvReadiness.Quarantined,
                _ when proof.RolledBack is not null => RaftKvReadiness.RolledBack,
                _ when parts.LeaderId is null => RaftKvReadiness.NoLeader,
                _ when !parts.HasQuorum => RaftKvReadiness.NoQuorum,
                _ when context.Ports.Stalls?.HangsFor(StallTimeout) == true => RaftKvReadiness.Stalled,
                _ when freshness.MustCatchUp => RaftKvReadiness.CatchingUp,
                _ when !disk.HasEntryRoom && parts.Role != RaftKvRole.Leader => RaftKvReadiness.DiskFull,
                _ when !parts.HasItsRole => RaftKvReadiness.Joining,
                _ => RaftKvReadiness.Ready,
            };
        }
    }

    /// <summary>Logs once in the life of the process that the node is ready.</summary>
    public void Sweep()
    {
        if (_wasReady || !IsReady)
            return;
        _wasReady = true;
        var parts = status.Parts;
        var took = TimeSpan.FromTicks(context.Now.Ticks - context.Ports.OpenedAt);
        context.Log.Ready(context.NodeId, (long)took.TotalMilliseconds, parts.Role == RaftKvRole.Unformed
            ? "it bootstraps a cluster with its first write, or is added to one"
            : $"{parts.Role.ToString().ToLowerInvariant()} in term {parts.Term}, led by {parts.LeaderId}, with "
                + $"{context.Applier.State.Store.Count} keys");
    }
}
