using System.Diagnostics;
using System.Globalization;
using RaftKv.Embedded.Primitives;
using Xunit;

namespace RaftKv.Embedded.Tests.Primitives;

/// <summary>A monotonic clock that counts the time in suspension too.</summary>
public sealed class SuspendAwareTimeTests
{
    [Fact]
    public void It_never_goes_back_and_keeps_pace_with_the_stopwatch_while_the_machine_runs()
    {
        var clock = new ReplicaClock(SuspendAwareTime.Instance);
        var watch = Stopwatch.StartNew();
        var (first, last) = (clock.Ticks, clock.Ticks);
        while (watch.ElapsedMilliseconds < 50)
        {
            var now = clock.Ticks;
            Assert.True(now >= last);
            last = now;
        }
        var outer = watch.Elapsed.Ticks;
        Assert.InRange(last - first, 0, outer + TimeSpan.TicksPerMillisecond);
        Assert.True(clock.Ticks - first >= 49 * TimeSpan.TicksPerMillisecond);
    }

    [Fact]
    public void On_Linux_it_counts_from_boot_with_the_time_in_suspension()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && SuspendAwareTime.CountsSuspension, "There is no CLOCK_BOOTTIME.");
        // /proc/uptime counts suspension as well.
        var before = double.Parse(File.ReadAllText("/proc/uptime").Split(' ')[0], CultureInfo.InvariantCulture);
        var shown = new ReplicaClock(SuspendAwareTime.Instance).Ticks / (double)TimeSpan.TicksPerSecond;
        var after = double.Parse(File.ReadAllText("/proc/uptime").Split(' ')[0], CultureInfo.InvariantCulture);

        Assert.InRange(shown, before - 0.02, after + 0.02);
    }
}
