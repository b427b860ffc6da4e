namespace RaftKv.Embedded.Node;

/// <summary>Puts the status of the node together from its parts. Any thread.</summary>
internal sealed class StatusReader(
    ReplicaContext context, StatusPublisher status, NodeReadiness readiness, MemberStatusReader members, QuarantineState quarantine,
    RollbackProof proof, DiskMonitor disk, ClusterClocks clocks, ClusterFeatures features, CopyVerifier verifier)
{
    /// <summary>Whether this node serves, and if not, why.</summary>
    public RaftKvReadiness Readiness => readiness.Current;

    public RaftKvStatus Read()
    {
        var parts = status.Parts;
        var now = context.Clock.Ticks;
        var state = context.Applier.State;
        // The parts may be a moment old, the two indexes are of now: what is applied is committed, and what is committed is in the log.
        var applied = context.Applier.AppliedIndex;
        var commit = Math.Max(status.CommitIndex, applied);
        var current = readiness.Current;
        return new RaftKvStatus
        {
            NodeId = context.NodeId,
            Address = context.Transport.AdvertisedAddress,
            ClusterId = context.Identity.ClusterId,
            Role = parts.Role,
            IsReady = current == RaftKvReadiness.Ready,
            Readiness = current,
            Term = parts.Term,
            LeaderId = parts.LeaderId,
            FirstIndex = parts.FirstIndex,
            LastIndex = Math.Max(parts.LastIndex, commit),
            LastTerm = parts.LastTerm,
            DurableIndex = parts.DurableIndex,
            CommitIndex = commit,
            AppliedIndex = applied,
            SnapshotIndex = parts.SnapshotIndex,
            SnapshotTerm = parts.SnapshotTerm,
            LastContact = status.LeaderContact(parts, now),
            KeyCount = state.Store.Count,
            KeyIndexBytes = state.Store.KeyIndexBytes,
            OldestWatchableVersion = new KvVersion(context.Applier.Changes.History.OldestVersion),
            WatchCount = context.Applier.Changes.Watches.Count,
            Elections = parts.Elections,
            Members = [.. parts.Configuration.Members.Select(m => members.Describe(m, parts, now))],
            ConfigurationIndex = parts.ConfigurationIndex,
            Durability = context.Options.Durability,
            Limits = features.Limits.Cluster.ToPublic(),
            Fault = parts.Fault,
            WaitsFor = parts.LeaderId is null ? context.Ports.Bootstrap?.WaitsFor : null,
            Quarantine = quarantine.Reason,
            RolledBack = proof.RolledBack,
            FreeDiskBytes = disk.FreeBytes,
            IsDiskFull = disk.IsFull,
            Stalls = context.Ports.Stalls?.Recent ?? [],
            VerifiedIndex = verifier.VerifiedIndex,
            LogTimeAhead = clocks.LogTimeAhead,
        };
    }
}
