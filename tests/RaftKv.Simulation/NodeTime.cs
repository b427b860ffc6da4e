namespace RaftKv.Simulation;

/// <summary>
/// A node's clocks: they run at a rate of their own, and the wall clock jumps when an operator sets it. Survives the process.
/// </summary>
/// <param name="time">True time.</param>
/// <param name="rate">How fast this node's clocks run at first, in parts per thousand of true time.</param>
/// <param name="start">What the monotonic clock showed at the beginning.</param>
internal sealed class NodeTime(VirtualTime time, long rate, long start) : TimeProvider
{
    private static readonly DateTimeOffset Epoch = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly long _start = start;
    private long _rate = rate;
    private long _since;
    private long _shown = start;

    /// <summary>By how much the wall clock was set wrong.</summary>
    public TimeSpan Jump { get; set; }

    /// <summary>How fast the clocks run, in parts per thousand of true time.</summary>
    public long Rate
    {
        get => _rate;
        set => (_shown, _since, _rate) = (Ticks, time.Now, value);
    }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public long Ticks => _shown + (time.Now - _since) * _rate / 1000;

    /// <summary>Called at the next reading of the monotonic clock, between the reading and its use.</summary>
    public Action? AfterNextReading { get; set; }

    public override long GetTimestamp()
    {
        var shown = Ticks;
        if (AfterNextReading is not { } happens)
            return shown;
        AfterNextReading = null;
        happens();
        return shown;
    }

    public override DateTimeOffset GetUtcNow() => Epoch + TimeSpan.FromTicks(Ticks - _start) + Jump;

    /// <summary>The true time at which this node's monotonic clock will show <paramref name="ticks"/>, if its rate stays.</summary>
    public long TrueTimeOf(long ticks) => ticks > long.MaxValue / 4 ? long.MaxValue / 4 : _since + ((ticks - _shown) * 1000 + _rate - 1) / _rate;
}
