namespace RaftKv.Embedded.Node;

/// <summary>
/// Reads without a quorum. Stale reads, and reads that may be stale without a leader, are served from this node's copy once no leader has been known for <see cref="LeaderPatience"/>. An election is
/// shorter than that, so a read during one still waits and sees what was acknowledged before.
/// </summary>
internal sealed partial class Replica
{
    private static readonly TimeSpan LeastLeaderPatience = TimeSpan.FromSeconds(2);

    /// <summary>Any thread. Whether no leader has been known for longer than an election takes.</summary>
    public bool IsLeaderless => WithoutLeader is { } time && time >= LeaderPatience;

    /// <summary>Any thread. Whether reads that may be stale are served from this node's copy now, although no leader is known.</summary>
    public bool ServesWithoutLeader => IsLeaderless && IsCopyServable;

    /// <summary>Any thread. Whether stale reads are served from this node's copy now.</summary>
    public bool ServesOwnCopy => HasCaughtUp || ServesWithoutLeader;

    /// <summary>
    /// Whether the copy contains everything that this node has served, by this process or the one before. A copy that is still being received, or is in doubt, does not.
    /// </summary>
    private bool IsCopyServable => _quarantine is null
        && (!Volatile.Read(ref _mustCatchUp) || (_context.Dependencies.ServedBefore.Index > 0 && _context.Applier.AppliedIndex >= _context.Dependencies.ServedBefore.Index));

    /// <summary>Eight election timeouts, and 2 s at least; at most half of what a call may wait.</summary>
    private TimeSpan LeaderPatience
    {
        get
        {
            var elections = _context.Options.ElectionTimeout * 8;
            var patience = elections > LeastLeaderPatience ? elections : LeastLeaderPatience;
            return patience < _context.Options.RequestTimeout / 2 ? patience : _context.Options.RequestTimeout / 2;
        }
    }
}
