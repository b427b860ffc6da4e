namespace RaftKv.Embedded.Tests;

/// <summary>A clock that advances only when the test says so.</summary>
internal sealed class ManualTime : TimeProvider
{
    private long _ticks;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>The time of the wall clock when the monotonic clock is zero.</summary>
    public DateTimeOffset WallStart { get; set; } = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public override long GetTimestamp() => _ticks;

    public override DateTimeOffset GetUtcNow() => WallStart.AddTicks(_ticks);

    public void Advance(TimeSpan time) => _ticks += time.Ticks;
}
