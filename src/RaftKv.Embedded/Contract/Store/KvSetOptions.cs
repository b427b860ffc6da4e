namespace RaftKv.Embedded;

/// <summary>
/// The options of a set. <c>default</c> writes always, and the key then lives until it is deleted: a set without a lifetime removes the
/// lifetime that the key had, unless <see cref="KeepLifetime"/> is set.
/// </summary>
public readonly record struct KvSetOptions
{
    /// <summary>The longest time to live, in milliseconds: 100 years.</summary>
    internal const long LongestMs = 36_525L * 24 * 3600 * 1000;

    /// <summary><see cref="TimeToLive"/> in milliseconds; 0 is none.</summary>
    internal long TimeToLiveMs { get; private init; }

    /// <summary><see cref="ExpiresAt"/> in Unix milliseconds; 0 is none.</summary>
    internal long ExpiresAtMs { get; private init; }

    /// <summary><see cref="SlidingExpiration"/> in milliseconds; 0 is none.</summary>
    internal long SlidingMs { get; private init; }

    /// <summary>Condition that must hold for the write to be applied.</summary>
    public KvCondition When { get; init; }

    /// <summary>
    /// How long the key lives, counted by log time from the moment the write is in the log; 1 ms to 100 years. With
    /// <see cref="SlidingExpiration"/> it is the latest end of the key: no use extends the key beyond it. The key is removed by an entry of
    /// the log, on every node at the same version, soon after its time is over and never before.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The time is not positive, or too long.</exception>
    public TimeSpan? TimeToLive
    {
        get => TimeToLiveMs == 0 ? null : TimeSpan.FromMilliseconds(TimeToLiveMs);
        init => TimeToLiveMs = Milliseconds(value);
    }

    /// <summary>
    /// As <see cref="TimeToLive"/>, but as a point in time by the wall clock of this node: the time that is left when the call begins is
    /// the time to live. A time in the past removes the key at once; a time more than 100 years ahead counts as 100 years.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The time is before 1970.</exception>
    public DateTimeOffset? ExpiresAt
    {
        get => ExpiresAtMs == 0 ? null : DateTimeOffset.FromUnixTimeMilliseconds(ExpiresAtMs);
        init
        {
            ExpiresAtMs = value?.ToUnixTimeMilliseconds() ?? 0;
            if (value is not null && ExpiresAtMs <= 0)
                throw new ArgumentOutOfRangeException(nameof(value), value, "A key cannot expire before 1970. Nothing was sent.");
        }
    }

    /// <summary>
    /// How long the key lives after each use: a write, or a read of this one key (<see cref="IDistributedKv.GetAsync"/>,
    /// <see cref="IDistributedKv.TryRead"/>) on any node. A node renews it once a quarter of the time is over, without delaying the read. 1
    /// ms to 100 years; shorter than a second is rarely useful.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The time is not positive, or too long.</exception>
    public TimeSpan? SlidingExpiration
    {
        get => SlidingMs == 0 ? null : TimeSpan.FromMilliseconds(SlidingMs);
        init => SlidingMs = Milliseconds(value);
    }

    /// <summary>
    /// Keeps the time to live, the sliding expiry and the lease that the key has; a key that does not exist gets none. A sliding expiry
    /// begins again.
    /// </summary>
    public bool KeepLifetime { get; init; }

    /// <summary>
    /// The lease the key is bound to: the key is deleted when the lease ends, see <see cref="IRaftKvLeases"/>; 0 is none.
    /// </summary>
    public long LeaseId { get; init; }

    /// <summary>Whether a key that is written with these options neither expires nor is bound to a lease.</summary>
    internal bool IsWithoutLifetime => !KeepLifetime && (TimeToLiveMs | ExpiresAtMs | SlidingMs | LeaseId) == 0;

    /// <exception cref="ArgumentException">The options contradict each other.</exception>
    internal void ThrowIfContradictory()
    {
        if (KeepLifetime && (TimeToLiveMs | ExpiresAtMs | SlidingMs | LeaseId) != 0)
        {
            throw new ArgumentException("KeepLifetime keeps what the key has; it cannot be combined with a new time to live, "
                + "sliding expiry or lease. Nothing was sent.");
        }
        if (TimeToLiveMs != 0 && ExpiresAtMs != 0)
            throw new ArgumentException("TimeToLive and ExpiresAt say the same thing in two ways; give one of them. Nothing was sent.");
        if (LeaseId < 0)
            throw new ArgumentException("A lease's id is not negative. Nothing was sent.");
    }

    private static long Milliseconds(TimeSpan? value)
    {
        if (value is not { } time)
            return 0;
        var milliseconds = (long)Math.Ceiling(time.TotalMilliseconds);
        if (milliseconds is <= 0 or > LongestMs)
            throw new ArgumentOutOfRangeException(nameof(value), value, "A key lives from 1 ms to 100 years. Nothing was sent.");
        return milliseconds;
    }
}
