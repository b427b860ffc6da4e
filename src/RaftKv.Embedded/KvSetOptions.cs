using RaftKv.Embedded.StateMachine;

namespace RaftKv.Embedded;

/// <summary>
/// What a set asks for. <c>default</c> writes always, and the key then lives until it is deleted: a set without a lifetime ends the one the key had, unless
/// <see cref="KeepLifetime"/> says otherwise.
/// </summary>
public readonly record struct KvSetOptions
{
    private readonly long _timeToLiveMs;
    private readonly long _expiresAtMs;
    private readonly long _slidingMs;

    /// <summary>Write only if the key's current state is this.</summary>
    public KvCondition When { get; init; }

    /// <summary>
    /// How long the key lives, counted by log time from the moment the write is in the log; 1 ms to 100 years. With <see cref="SlidingExpiration"/> it is the end beyond which no use
    /// carries the key. The key is removed by an entry of the log, on every node at the same version, soon after its time is over and never before.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Not positive, or too long.</exception>
    public TimeSpan? TimeToLive
    {
        get => _timeToLiveMs == 0 ? null : TimeSpan.FromMilliseconds(_timeToLiveMs);
        init => _timeToLiveMs = Milliseconds(value);
    }

    /// <summary>
    /// As <see cref="TimeToLive"/>, as a point in time by the wall clock of this node: the time that is left when the call begins is the
    /// time to live. In the past, the key goes at once; more
    /// than 100 years ahead counts as 100 years.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Before 1970.</exception>
    public DateTimeOffset? ExpiresAt
    {
        get => _expiresAtMs == 0 ? null : DateTimeOffset.FromUnixTimeMilliseconds(_expiresAtMs);
        init
        {
            _expiresAtMs = value?.ToUnixTimeMilliseconds() ?? 0;
            if (value is not null && _expiresAtMs <= 0)
                throw new ArgumentOutOfRangeException(nameof(value), value, "A key cannot expire before 1970. Nothing was sent.");
        }
    }

    /// <summary>
    /// How long the key lives after each use: a write, or a read of it alone (<see cref="IDistributedKv.GetAsync"/>, <see cref="IDistributedKv.TryRead"/>) on any node. A node renews it
    /// once a quarter of the time is gone, without holding up the read. 1 ms to 100 years; shorter than a second makes little sense.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Not positive, or too long.</exception>
    public TimeSpan? SlidingExpiration
    {
        get => _slidingMs == 0 ? null : TimeSpan.FromMilliseconds(_slidingMs);
        init => _slidingMs = Milliseconds(value);
    }

    /// <summary>Keep the time to live, the sliding expiry and the lease that the key has; a key that does not exist gets none. A sliding expiry begins anew.</summary>
    public bool KeepLifetime { get; init; }

    /// <summary>The lease that the key dies with, see <see cref="IRaftKvLeases"/>; 0 is none.</summary>
    public long LeaseId { get; init; }

    /// <exception cref="ArgumentException">The parts contradict each other.</exception>
    internal KvLifetime Lifetime
    {
        get
        {
            var lifetime = new KvLifetime(KeepLifetime, _timeToLiveMs, _expiresAtMs, _slidingMs, LeaseId);
            if (KeepLifetime && lifetime != new KvLifetime(Keep: true))
                throw new ArgumentException("KeepLifetime keeps what the key has; it cannot be combined with a new time to live, sliding expiry or lease. Nothing was sent.");
            if (_timeToLiveMs != 0 && _expiresAtMs != 0)
                throw new ArgumentException("TimeToLive and ExpiresAt say the same thing in two ways; give one of them. Nothing was sent.");
            if (LeaseId < 0)
                throw new ArgumentException("A lease's id is not negative. Nothing was sent.");
            return lifetime;
        }
    }

    private static long Milliseconds(TimeSpan? value)
    {
        if (value is not { } time)
            return 0;
        var milliseconds = (long)Math.Ceiling(time.TotalMilliseconds);
        if (milliseconds is <= 0 or > KvLifetime.MaxMs)
            throw new ArgumentOutOfRangeException(nameof(value), value, "A key lives from 1 ms to 100 years. Nothing was sent.");
        return milliseconds;
    }
}
