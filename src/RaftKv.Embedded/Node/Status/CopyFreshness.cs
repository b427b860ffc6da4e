namespace RaftKv.Embedded.Node;

/// <summary>
/// How old this node's copy may be, and whether it may be read without a quorum. A message of the leader proves nothing about the age: it
/// may have waited for long, its sender may be deposed, and its entries may not be applied. A read index that is applied proves it: the
/// copy has everything that was committed anywhere when the index was asked for. Stale reads, and reads that may be stale without a leader,
/// are served from the copy once no leader has been known for <see cref="LeaderTimeout"/>. An election is shorter than that: a read during
/// one waits, and sees what was acknowledged before.
/// </summary>
internal sealed class CopyFreshness(ReplicaContext context, QuarantineState quarantine, StatusPublisher status)
{
    private static readonly TimeSpan LeastLeaderTimeout = TimeSpan.FromSeconds(2);

    /// <summary>How long the age is kept small for readers that asked for it.</summary>
    private static readonly long AgeInterest = TimeSpan.FromSeconds(5).Ticks;

    /// <summary>True until this process has applied a read index that it obtained after its start.</summary>
    private bool _mustCatchUp = true;
    private long _freshAt = long.MinValue;
    private long _ageWantedAt = long.MinValue / 2;

    /// <summary>Any thread. This process has not applied a read index that it obtained after its start.</summary>
    public bool MustCatchUp => Volatile.Read(ref _mustCatchUp);

    /// <summary>
    /// Any thread. Whether this node's copy may be served at all: it has applied everything that was committed at some moment after this
    /// process started, so it is behind nothing that it served before; and it is not in doubt.
    /// </summary>
    public bool HasCaughtUp => (!Volatile.Read(ref _mustCatchUp) || context.IsAlone) && !quarantine.IsActive;

    /// <summary>Any thread. Whether no leader has been known for longer than an election takes.</summary>
    public bool IsLeaderless => status.WithoutLeader is { } time && time >= LeaderTimeout;

    /// <summary>Any thread. Whether reads that may be stale are served from this node's copy now, although no leader is known.</summary>
    public bool ServesWithoutLeader => IsLeaderless && IsCopyServable;

    /// <summary>Any thread. Whether stale reads are served from this node's copy now.</summary>
    public bool ServesOwnCopy => HasCaughtUp || ServesWithoutLeader;

    /// <summary>
    /// Any thread. The time since this node's copy was known to contain everything that was committed: zero while it leads under a lease,
    /// as the only voter, or without a cluster; <see cref="Timeout.InfiniteTimeSpan"/> when it was never known.
    /// </summary>
    public TimeSpan Age
    {
        get
        {
            // Read before the clock: it is the newest commit index only if the lease still holds afterwards.
            var commit = status.CommitIndex;
            var freshAt = Volatile.Read(ref _freshAt);
            var parts = status.Parts;
            Volatile.ReadBarrier();
            var now = context.Clock.Ticks;
            if (context.Applier.AppliedIndex >= commit && (now < status.LeaseUntil || parts.IsOnlyVoter)
                || (parts.Role == RaftKvRole.Unformed && context.IsAlone))
                return TimeSpan.Zero;
            if (now - Volatile.Read(ref _ageWantedAt) > TimeSpan.TicksPerSecond)
                Volatile.Write(ref _ageWantedAt, now);
            return freshAt == long.MinValue ? Timeout.InfiniteTimeSpan : TimeSpan.FromTicks(Math.Max(0, now - freshAt));
        }
    }

    /// <summary>
    /// Whether the copy contains everything that this node has served, by this process or the one before. A copy that is still being
    /// received, or is in doubt, does not.
    /// </summary>
    private bool IsCopyServable => !quarantine.IsActive
        && (!Volatile.Read(ref _mustCatchUp)
            || (context.Ports.ServedBefore.Index > 0 && context.Applier.AppliedIndex >= context.Ports.ServedBefore.Index));

    /// <summary>Eight election timeouts, and 2 s at least; at most half of what a call may wait.</summary>
    private TimeSpan LeaderTimeout
    {
        get
        {
            var elections = context.Options.ElectionTimeout * 8;
            var timeout = elections > LeastLeaderTimeout ? elections : LeastLeaderTimeout;
            return timeout < context.Options.RequestTimeout / 2 ? timeout : context.Options.RequestTimeout / 2;
        }
    }

    /// <summary>Any thread. Whether this node's copy is known to be at most so old.</summary>
    public bool IsAtMost(TimeSpan maxAge) => Age is var age && age != Timeout.InfiniteTimeSpan && age <= maxAge;

    /// <summary>Any thread. Why <see cref="HasCaughtUp"/> is false.</summary>
    public RaftKvUnavailableException NotServing() => quarantine.IsActive ? Errors.Quarantined()
        : context.Core is null ? Errors.NotFormed(context.Ports.Bootstrap?.WaitsFor)
        : Errors.NotCaughtUp();

    /// <summary>Whether a reader asked for the age lately.</summary>
    public bool IsAgeWanted(long now) => now - Volatile.Read(ref _ageWantedAt) < AgeInterest;

    /// <summary>Holder of the turn, or the applier. What was committed when the batch asked for its index is applied here.</summary>
    public void Record(ReadBatch batch)
    {
        Volatile.Write(ref _mustCatchUp, false);
        var seen = Volatile.Read(ref _freshAt);
        while (batch.AskedAt > seen && Interlocked.CompareExchange(ref _freshAt, batch.AskedAt, seen) is var now && now != seen)
            seen = now;
    }
}
