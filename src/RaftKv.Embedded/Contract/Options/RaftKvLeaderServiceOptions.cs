namespace RaftKv.Embedded;

/// <summary>How long a leader service holds its leadership, and when it begins again.</summary>
public sealed class RaftKvLeaderServiceOptions
{
    /// <summary>
    /// How long after its node last renewed the lease the service moves to another node; 500 ms to 24 h. The default value is 15 s.
    /// </summary>
    public TimeSpan TimeToLive { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// How long a node waits before it stands for election again after the first failure, or after the service has returned; 10 ms to 1 h.
    /// The default value is 1 s.
    /// </summary>
    public TimeSpan MinBackoff { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// The longest wait after failures: the wait doubles from failure to failure, with jitter. At least <see cref="MinBackoff"/>, at most
    /// 24 h. The default value is 1 min.
    /// </summary>
    public TimeSpan MaxBackoff { get; set; } = TimeSpan.FromMinutes(1);

    /// <exception cref="ArgumentOutOfRangeException">A value is outside of its limits.</exception>
    internal void ThrowIfInvalid()
    {
        ThrowIfNotIn(TimeToLive, TimeSpan.FromMilliseconds(500), TimeSpan.FromHours(24), nameof(TimeToLive));
        ThrowIfNotIn(MinBackoff, TimeSpan.FromMilliseconds(10), TimeSpan.FromHours(1), nameof(MinBackoff));
        ThrowIfNotIn(MaxBackoff, MinBackoff, TimeSpan.FromHours(24), nameof(MaxBackoff));
    }

    private static void ThrowIfNotIn(TimeSpan value, TimeSpan least, TimeSpan most, string name)
    {
        if (value < least || value > most)
            throw new ArgumentOutOfRangeException(name, value, $"{name} of a leader service is {value}; it must be {least} to {most}.");
    }
}
