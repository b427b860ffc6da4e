using RaftKv.Embedded.Primitives;
using Xunit;

namespace RaftKv.Embedded.Tests.Primitives;

/// <summary>A node that asks several times a second causes one log line every ten seconds for each different text.</summary>
public sealed class RepeatThrottleTests
{
    private static readonly long Second = TimeSpan.TicksPerSecond;

    private readonly RepeatThrottle _reports = new(TimeSpan.FromSeconds(10));

    [Fact]
    public void The_same_is_said_again_after_ten_seconds_and_another_thing_at_once()
    {
        Assert.True(_reports.IsDue("node3 waits", 0));
        Assert.False(_reports.IsDue("node3 waits", (10 * Second) - 1));
        Assert.True(_reports.IsDue("node3 is refused", 5 * Second));
        Assert.True(_reports.IsDue("node3 waits", 10 * Second));
        Assert.False(_reports.IsDue("node3 waits", 11 * Second));
    }

    [Fact]
    public void What_is_remembered_is_bounded_and_nothing_is_kept_back_for_that()
    {
        for (var i = 0; i < 10_000; i++)
            Assert.True(_reports.IsDue($"node{i}", 0));
    }
}
