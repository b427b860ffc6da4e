namespace RaftKv.Embedded.Primitives;

/// <summary>The only source of time for the replica.</summary>
internal sealed class ReplicaClock(TimeProvider time)
{
    /// <summary>How many timestamps are one tick; 0 when it is not a whole number.</summary>
    private readonly long _perTick = time.TimestampFrequency % TimeSpan.TicksPerSecond == 0
        ? time.TimestampFrequency / TimeSpan.TicksPerSecond : 0;

    public TimeProvider Provider => time;

    /// <summary>Monotonic ticks of 100 ns since an arbitrary start.</summary>
    public long Ticks =>
        _perTick > 0 ? time.GetTimestamp() / _perTick
            : (long)((Int128)time.GetTimestamp() * TimeSpan.TicksPerSecond / time.TimestampFrequency);

    public DateTimeOffset Wall => time.GetUtcNow();

    public Moment Now => new(Ticks, Wall.ToUnixTimeMilliseconds());
}
