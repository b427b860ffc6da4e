namespace RaftKv.Embedded.Node;

internal sealed partial class Replica
{
    private static readonly TimeSpan LeastStallPatience = TimeSpan.FromSeconds(5);

    /// <summary>A node that hangs for longer serves no call in time.</summary>
    private readonly TimeSpan _stallPatience;

    /// <summary>Any thread. Whether this node serves linearizable reads and writes now.</summary>
    public bool IsReady => Readiness == RaftKvReadiness.Ready;

    /// <summary>Any thread. Whether this node serves, and if not, why.</summary>
    public RaftKvReadiness Readiness
    {
        get
        {
            var parts = _publisher.Parts;
            return parts.Role switch
            {
                RaftKvRole.Faulted => RaftKvReadiness.Faulted,
                RaftKvRole.Stopped => RaftKvReadiness.Stopped,
                RaftKvRole.Removed => RaftKvReadiness.Removed,
                RaftKvRole.Unformed => _context.IsAlone ? RaftKvReadiness.Ready : RaftKvReadiness.NotFormed,
                _ when _leaving => RaftKvReadiness.Stopping,
                _ when _quarantine.IsActive => RaftKvReadiness.Quarantined,
                _ when _proof.RolledBack is not null => RaftKvReadiness.RolledBack,
                _ when parts.LeaderId is null => RaftKvReadiness.NoLeader,
                _ when !parts.HasQuorum => RaftKvReadiness.NoQuorum,
                _ when _context.Dependencies.Stalls?.HangsFor(_stallPatience) == true => RaftKvReadiness.Stalled,
                _ when _freshness.MustCatchUp => RaftKvReadiness.CatchingUp,
                _ when !_diskMonitor.HasEntryRoom && parts.Role != RaftKvRole.Leader => RaftKvReadiness.DiskFull,
                _ when !parts.HasItsRole => RaftKvReadiness.Joining,
                _ => RaftKvReadiness.Ready,
            };
        }
    }
}
