namespace RaftKv.Embedded;

/// <summary>The options of a lock. <c>default</c> is a time to live of 15 s.</summary>
public readonly record struct KvLockOptions
{
    /// <summary>
    /// How long after the last renewal by its holder a lock passes to the next caller; 500 ms to 24 h. <see cref="TimeSpan.Zero"/> is 15 s.
    /// </summary>
    public TimeSpan TimeToLive { get; init; }

    internal TimeSpan TimeToLiveOrDefault => TimeToLive == TimeSpan.Zero ? TimeSpan.FromSeconds(15) : TimeToLive;
}
