namespace RaftKv.Embedded;

/// <summary>The options of a read. <c>default</c> is linearizable.</summary>
public readonly record struct KvReadOptions
{
    /// <summary>How fresh the answer must be.</summary>
    public KvConsistency Consistency { get; init; }

    /// <summary>
    /// Wait until this node has applied at least this version. With <see cref="KvConsistency.Stale"/> it gives read-your-writes on any node
    /// without asking the leader.
    /// </summary>
    public KvVersion MinVersion { get; init; }

    /// <summary>
    /// With <see cref="KvConsistency.Stale"/>, how old the copy may be (<see cref="KvGetResult.Age"/>); <c>null</c>, the default, is any
    /// age. A copy that may be older is brought up to date first, which needs a quorum: the read waits for it for at most
    /// <see cref="RaftKvOptions.RequestTimeout"/>, and is then refused with <see cref="RaftKvUnavailableReason.StaleRead"/>. The other
    /// kinds of reads see everything that was acknowledged, and ignore this option. Must not be negative.
    /// </summary>
    public TimeSpan? MaxAge
    {
        get;
        init => field = Checked(value);
    }

    /// <summary>
    /// With <see cref="KvConsistency.Linearizable"/> or <see cref="KvConsistency.LeaderLease"/>: read this node's own copy once no leader
    /// has been known for eight election timeouts (2 s at least, half of <see cref="RaftKvOptions.RequestTimeout"/> at most), instead of
    /// failing. Such an answer may lack writes that were acknowledged elsewhere; <see cref="KvGetResult.Age"/> is then the age of the copy,
    /// and zero otherwise. The default value is <c>false</c>. Stale reads never need a leader.
    /// </summary>
    public bool StaleWithoutLeader { get; init; }

    /// <summary>Reads this node's own copy, at once.</summary>
    public static KvReadOptions Stale => new() { Consistency = KvConsistency.Stale };

    /// <summary>
    /// Reads this node's own copy: at once when it is at most <paramref name="maxAge"/> old, otherwise brought up to date first.
    /// </summary>
    public static KvReadOptions NotOlderThan(TimeSpan maxAge) => new() { Consistency = KvConsistency.Stale, MaxAge = maxAge };

    /// <summary>Reads under the leader's lease instead of by a quorum round.</summary>
    public static KvReadOptions LeaderLease => new() { Consistency = KvConsistency.LeaderLease };

    /// <summary>Reads this node's own copy, once it has applied <paramref name="version"/>.</summary>
    public static KvReadOptions AtLeast(KvVersion version) => new() { Consistency = KvConsistency.Stale, MinVersion = version };

    /// <summary>Returns a largest age of a copy, which must not be negative.</summary>
    internal static TimeSpan? Checked(TimeSpan? value) => value < TimeSpan.Zero
        ? throw new ArgumentOutOfRangeException(nameof(value), value, "The largest age of a copy must not be negative.") : value;
}
