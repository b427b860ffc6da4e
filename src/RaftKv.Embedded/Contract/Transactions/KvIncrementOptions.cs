namespace RaftKv.Embedded;

/// <summary>
/// The initial value and lifetime that an increment gives to a key that does not exist. A key that exists keeps its time to live, sliding
/// expiry and lease, and these options do not apply to it. Every member of the cluster must run a version that knows these options;
/// otherwise the call fails with <see cref="RaftKvUnavailableReason.FeatureNotActive"/>.
/// </summary>
/// <example>
/// <code>
/// // At most 100 calls a minute: the first call begins the window, the calls after it count in it.
/// long calls = await kv.IncrementAsync("rate/" + caller, 1, new KvIncrementOptions { TimeToLive = TimeSpan.FromMinutes(1) });
/// </code>
/// </example>
public readonly record struct KvIncrementOptions
{
    /// <summary>The number that the delta is added to; 0 by default.</summary>
    public long InitialValue { get; init; }

    /// <inheritdoc cref="KvSetOptions.TimeToLive"/>
    public TimeSpan? TimeToLive { get => Lifetime.TimeToLive; init => Lifetime = Lifetime with { TimeToLive = value }; }

    /// <inheritdoc cref="KvSetOptions.ExpiresAt"/>
    public DateTimeOffset? ExpiresAt { get => Lifetime.ExpiresAt; init => Lifetime = Lifetime with { ExpiresAt = value }; }

    /// <inheritdoc cref="KvSetOptions.SlidingExpiration"/>
    public TimeSpan? SlidingExpiration
    {
        get => Lifetime.SlidingExpiration;
        init => Lifetime = Lifetime with { SlidingExpiration = value };
    }

    /// <inheritdoc cref="KvSetOptions.LeaseId"/>
    public long LeaseId { get => Lifetime.LeaseId; init => Lifetime = Lifetime with { LeaseId = value }; }

    /// <summary>The lifetime, as the options of a set.</summary>
    internal KvSetOptions Lifetime { get; private init; }
}
