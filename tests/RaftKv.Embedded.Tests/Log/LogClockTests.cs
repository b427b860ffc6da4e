using RaftKv.Embedded.Log;
using RaftKv.Embedded.Primitives;
using Xunit;

namespace RaftKv.Embedded.Tests.Log;

/// <summary>Log time advances with the monotonic clock, and follows the wall clock only slowly.</summary>
public sealed class LogClockTests
{
    private const long Hour = 3_600_000;

    private static Moment At(long monotonicMs, long wallMs) => new(monotonicMs * TimeSpan.TicksPerMillisecond, wallMs);

    [Fact]
    public void A_node_that_has_seen_no_entry_since_it_started_trusts_its_wall_clock_but_never_goes_back()
    {
        Assert.Equal(5_000, new LogClock(1_000).Stamp(At(70, 5_000)));
        Assert.Equal(9_000, new LogClock(9_000).Stamp(At(70, 5_000)));
    }

    [Fact]
    public void Time_passes_with_the_monotonic_clock()
    {
        var clock = new LogClock(0);
        Assert.Equal(5_000, clock.Stamp(At(100, 5_000)));
        Assert.Equal(6_000, clock.Stamp(At(1_100, 6_000)));
    }

    [Theory]
    [InlineData(50_000, 1_050)]
    [InlineData(-50_000, 950)]
    [InlineData(10 * Hour, 1_000)]
    [InlineData(-10 * Hour, 1_000)]
    public void A_small_jump_of_the_wall_clock_moves_log_time_by_a_twentieth_of_what_passes_and_a_large_one_not_at_all(long jump, long passed)
    {
        var clock = new LogClock(0);
        var start = clock.Stamp(At(0, 100 * Hour));

        for (var ms = 1; ms <= 1_000; ms++)
            clock.Stamp(At(ms, (100 * Hour) + ms + jump));

        Assert.Equal(start + passed, clock.Stamp(At(1_000, (100 * Hour) + 1_000 + jump)));
    }

    [Fact]
    public void What_is_off_is_made_up_in_the_end()
    {
        var clock = new LogClock(0);
        clock.Stamp(At(0, 100 * Hour));

        for (var s = 1; s <= 30; s++)
            clock.Stamp(At(s * 1_000, (100 * Hour) + (s * 1_000) + 1_000));

        Assert.Equal((100 * Hour) + 31_000, clock.Stamp(At(30_000, (100 * Hour) + 31_000)));
    }

    [Fact]
    public void Whoever_leads_next_goes_on_from_the_last_entry_that_arrived_whatever_its_wall_clock_says()
    {
        var clock = new LogClock(0);
        clock.Observe(1, 50_000, At(10, 99 * Hour));

        Assert.Equal(50_400, clock.Estimate(At(410, 99 * Hour)));
        Assert.InRange(clock.Stamp(At(410, 99 * Hour)), 50_400, 50_420);
    }

    [Fact]
    public void A_leader_that_began_without_a_wall_clock_catches_up_once_when_it_is_known()
    {
        var clock = new LogClock(50_000);
        Assert.Equal(50_000, clock.Stamp(At(10, 0)));
        Assert.Equal(50_100, clock.Stamp(At(110, 0)));
        Assert.False(clock.TryCatchUp(At(110, 0)));

        Assert.True(clock.TryCatchUp(At(120, 90 * Hour)));
        Assert.Equal(90 * Hour, clock.Stamp(At(120, 90 * Hour)));
        Assert.False(clock.TryCatchUp(At(130, 99 * Hour)));
    }

    [Fact]
    public void Whoever_has_heard_from_a_leader_or_is_not_behind_does_not_jump()
    {
        var told = new LogClock(50_000);
        told.Stamp(At(10, 0));
        told.Observe(2, 60_000, At(20, 0));
        Assert.False(told.TryCatchUp(At(30, 90 * Hour)));

        var ahead = new LogClock(50_000);
        ahead.Stamp(At(10, 0));
        Assert.False(ahead.TryCatchUp(At(30, 50_900)));
        Assert.False(ahead.TryCatchUp(At(40, 90 * Hour)));
    }

    [Fact]
    public void A_statement_that_was_overtaken_by_a_later_one_of_its_term_is_ignored()
    {
        var clock = new LogClock(0);
        clock.Observe(3, 50_000, At(10, 0));
        clock.Observe(3, 49_000, At(11, 0));
        Assert.Equal(50_001, clock.Estimate(At(11, 0)));

        clock.Observe(4, 49_000, At(11, 0));
        Assert.Equal(49_000, clock.Estimate(At(11, 0)));
    }

    [Fact]
    public void The_cluster_was_led_until_the_last_statement_of_the_leader_that_stamped_the_last_entry()
    {
        var clock = new LogClock(0);
        Assert.Equal(40_000, clock.LedUntil(3, 40_000));
        clock.Observe(3, 50_000, At(10, 0));

        Assert.Equal(50_000, clock.LedUntil(3, 40_000));
        Assert.Equal(40_000, clock.LedUntil(2, 40_000));
    }

    [Fact]
    public void Log_time_is_not_before_the_time_of_an_installed_snapshot()
    {
        var clock = new LogClock(1_000);
        clock.NotBefore(50_000, At(10, 20_000));
        Assert.Equal(50_000, clock.Estimate(At(10, 20_000)));
        clock.NotBefore(49_000, At(20, 20_000));
        Assert.Equal(50_010, clock.Estimate(At(20, 20_000)));
    }
}
