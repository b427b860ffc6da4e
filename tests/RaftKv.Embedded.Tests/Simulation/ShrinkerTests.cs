using RaftKv.Simulation;
using Xunit;

namespace RaftKv.Embedded.Tests.Simulation;

/// <summary>The shrinker of failed simulations, with made-up runs.</summary>
public sealed class ShrinkerTests
{
    [Fact]
    public void What_the_failure_needs_is_all_that_remains()
    {
        // The failure needs two of the sixteen faults, and two callers.
        var shrinker = Over((_, options) => Callers(options) >= 2 && !options.Skip.Contains(3) && !options.Skip.Contains(11) ? "Some invariant: it broke" : null);

        Assert.True(shrinker.Shrink());
        Assert.Equal(Enumerable.Range(0, 16).Select(n => (ulong)n).Except([3UL, 11UL]), shrinker.Options.Skip.Order());
        Assert.Equal("2", shrinker.Options.Traits.Values["Callers"]);
        Assert.True(shrinker.Steps < 100, $"{shrinker.Steps} steps");
    }

    [Fact]
    public void A_smaller_run_that_fails_in_another_way_is_not_taken()
    {
        var shrinker = Over((_, options) => Callers(options) == 8 && options.Skip.Count == 0 ? "Some invariant: it broke" : "Another one: it broke");

        Assert.True(shrinker.Shrink());
        Assert.False(shrinker.Options.Traits.Values.ContainsKey("Callers"));
        Assert.Empty(shrinker.Options.Skip);
    }

    [Fact]
    public void A_smaller_swarm_may_need_another_seed()
    {
        var shrinker = Over((seed, options) => seed == (Callers(options) == 8 ? 77UL : 5UL) ? "Some invariant: it broke" : null);

        Assert.True(shrinker.Shrink());
        Assert.Equal(5UL, shrinker.Seed);
        Assert.Equal("1", shrinker.Options.Traits.Values["Callers"]);
    }

    [Fact]
    public void A_run_that_does_not_fail_is_not_shrunk() => Assert.False(Over((_, _) => null).Shrink());

    private static Shrinker Over(Func<ulong, SimulationOptions, string?> failure) => new(77, SimulationOptions.Default, (seed, options) =>
    {
        var length = options.Traits.Values.TryGetValue("Length", out var text) ? TimeSpan.FromTicks(long.Parse(text)) : TimeSpan.FromSeconds(16);
        return new SimulationReport(seed, failure(seed, options), [])
        {
            Simulated = length,
            Steps = (long)(length.TotalSeconds * 10) + Callers(options),
            FaultTurns = 16,
        };
    }, _ => { });

    private static int Callers(SimulationOptions options) => options.Traits.Values.TryGetValue("Callers", out var text) ? int.Parse(text) : 8;
}
