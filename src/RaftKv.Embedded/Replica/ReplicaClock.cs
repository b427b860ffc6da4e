using RaftKv.Embedded.Consensus;

namespace RaftKv.Embedded.Replica;

/// <summary>The one door through which time enters.</summary>
internal sealed class ReplicaClock(TimeProvider time)
{
    public TimeProvider Provider => time;

    /// <summary>Monotonic ticks of 100 ns since an arbitrary start.</summary>
    public long Ticks => (long)((Int128)time.GetTimestamp() * TimeSpan.TicksPerSecond / time.TimestampFrequency);

    public DateTimeOffset Wall => time.GetUtcNow();

    public Moment Now => new(Ticks, Wall.ToUnixTimeMilliseconds());
}
