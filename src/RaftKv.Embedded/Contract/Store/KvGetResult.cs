namespace RaftKv.Embedded;

/// <summary>The answer to a read.</summary>
public readonly record struct KvGetResult
{
    /// <summary>The last millisecond of the year 9999.</summary>
    private static readonly long LatestUnixMs = DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();

    /// <summary>Whether the key exists.</summary>
    public bool Found { get; init; }

    /// <summary>The value, a copy of its own; empty when not found.</summary>
    public ReadOnlyMemory<byte> Value { get; init; }

    /// <summary>The version of the key's last write; <see cref="KvVersion.None"/> when not found.</summary>
    public KvVersion Version { get; init; }

    /// <summary>The version that created the key.</summary>
    public KvVersion CreateVersion { get; init; }

    /// <summary>How often the key was written since it was created; 1 for a new key.</summary>
    public long WriteCount { get; init; }

    /// <summary>
    /// From when on the key may be removed, by the wall clock of the node that was asked; <c>null</c> when it does not expire. It is there
    /// until the cluster has removed it, usually
    /// within a fraction of a second. Time without a leader may postpone it.
    /// </summary>
    public DateTimeOffset? ExpiresAt => Time(ExpiresAtMs);

    /// <summary>How long the key lives after each use; <c>null</c> when use does not matter.</summary>
    public TimeSpan? SlidingExpiration => SlidingMs == 0 ? null : TimeSpan.FromMilliseconds(SlidingMs);

    /// <summary>The lease the key dies with; 0 is none.</summary>
    public long LeaseId { get; init; }

    /// <summary>By log time where the record was read, by the wall clock where it is given to the caller.</summary>
    internal long ExpiresAtMs { get; init; }

    internal long SlidingMs { get; init; }

    internal static DateTimeOffset? Time(long unixMs) =>
        unixMs == 0 ? null : DateTimeOffset.FromUnixTimeMilliseconds(Math.Min(unixMs, LatestUnixMs));

    /// <summary>The version this node had applied when it read: everything up to it is reflected in the answer.</summary>
    public KvVersion ReadAt { get; init; }

    /// <summary>
    /// For stale reads, and those that <see cref="KvReadOptions.StaleWithoutLeader"/> made so, the time since this node's copy was known to contain everything that was committed, which takes the word of a quorum and that it is applied here: usually less than a heartbeat
    /// interval and a round trip while ages are asked for, about a second at the first time, zero on a leader with a lease or without other voters, and
    /// <see cref="Timeout.InfiniteTimeSpan"/> when it was never known. Zero for all other reads.
    /// </summary>
    public TimeSpan Age { get; init; }
}
