namespace RaftKv.Simulation;

/// <summary>A node's clocks: they run at a rate of their own, and the wall clock jumps when an operator sets it. Survives the process.</summary>
/// <param name="time">True time.</param>
/// <param name="rate">How fast this node's clocks run, in parts per thousand of true time.</param>
/// <param name="start">What the monotonic clock showed at the beginning.</param>
internal sealed class NodeTime(VirtualTime time, long rate, long start) : TimeProvider
{
    private static readonly DateTimeOffset Epoch = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>By how much the wall clock was set wrong.</summary>
    public TimeSpan Jump { get; set; }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public long Ticks => start + time.Now * rate / 1000;

    public override long GetTimestamp() => Ticks;

    public override DateTimeOffset GetUtcNow() => Epoch + TimeSpan.FromTicks(Ticks - start) + Jump;

    /// <summary>The true time at which this node's monotonic clock will show <paramref name="ticks"/>.</summary>
    public long TrueTimeOf(long ticks) => ticks > long.MaxValue / 4 ? long.MaxValue / 4 : ((ticks - start) * 1000 + rate - 1) / rate;
}
