namespace RaftKv.Embedded.Node;

/// <summary>
/// How old this node's copy may be. A message of the leader proves nothing about that: it may have waited for long, its sender may be deposed, and what it brings may not be applied. A read index
/// that is applied does: the copy has everything that was committed anywhere when it was asked for. One is asked for every second, and more often while readers want to know the age.
/// </summary>
internal sealed partial class Replica
{
    private static readonly long ProbeInterval = TimeSpan.FromSeconds(1).Ticks;

    /// <summary>How long the age is kept small for readers that asked for it.</summary>
    private static readonly long AgeInterest = TimeSpan.FromSeconds(5).Ticks;

    private ReadBatch? _probe;
    private long _nextProbe;
    private long _freshAt = long.MinValue;
    private long _ageWantedAt = long.MinValue / 2;

    /// <summary>
    /// Any thread. The time since this node's copy was known to contain everything that was committed: zero while it leads under a lease, as the only voter, or without a cluster;
    /// <see cref="Timeout.InfiniteTimeSpan"/> when it was never known.
    /// </summary>
    public TimeSpan Age
    {
        get
        {
            // Before the clock, as the lease wants it.
            var commit = CommitIndex;
            var freshAt = Volatile.Read(ref _freshAt);
            var parts = Volatile.Read(ref _statusParts);
            Volatile.ReadBarrier();
            var now = _context.Clock.Ticks;
            if (_context.Applier.AppliedIndex >= commit && (now < LeaseUntil || parts.IsOnlyVoter) || (parts.Role == RaftKvRole.Unformed && _context.IsAlone))
                return TimeSpan.Zero;
            if (now - Volatile.Read(ref _ageWantedAt) > TimeSpan.TicksPerSecond)
                Volatile.Write(ref _ageWantedAt, now);
            return freshAt == long.MinValue ? Timeout.InfiniteTimeSpan : TimeSpan.FromTicks(Math.Max(0, now - freshAt));
        }
    }

    /// <summary>Any thread. Whether this node's copy is known to be at most so old.</summary>
    public bool IsAtMost(TimeSpan maxAge) => Age is var age && age != Timeout.InfiniteTimeSpan && age <= maxAge;

    /// <summary>Puts a read of the replica's own to those that wait when one is due: the first one after the start tells whether it has caught up.</summary>
    private void ProbeFreshness()
    {
        if (_probe is not null || _quarantine is not null || (!_mustCatchUp && _context.Now.Ticks < _nextProbe))
            return;
        _nextProbe = _context.Now.Ticks + (_context.Now.Ticks - Volatile.Read(ref _ageWantedAt) < AgeInterest ? _context.Options.HeartbeatInterval.Ticks : ProbeInterval);
        _probe = new ReadBatch(_context.Now.Ticks + _context.Options.RequestTimeout.Ticks);
        _waitingReads.Add(_probe);
    }

    /// <summary>Replica or applier thread. What was committed when the batch asked for its index is applied here.</summary>
    private void NoteFresh(ReadBatch batch)
    {
        Volatile.Write(ref _mustCatchUp, false);
        var seen = Volatile.Read(ref _freshAt);
        while (batch.AskedAt > seen && Interlocked.CompareExchange(ref _freshAt, batch.AskedAt, seen) is var now && now != seen)
            seen = now;
    }
}
