namespace RaftKv.Embedded.Tests;

/// <summary>Time that passes when the test says so.</summary>
internal sealed class ManualTime : TimeProvider
{
    private long _ticks;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>What the wall clock shows when the monotonic clock shows zero.</summary>
    public DateTimeOffset WallStart { get; set; } = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public override long GetTimestamp() => _ticks;

    public override DateTimeOffset GetUtcNow() => WallStart.AddTicks(_ticks);

    public void Advance(TimeSpan time) => _ticks += time.Ticks;
}
