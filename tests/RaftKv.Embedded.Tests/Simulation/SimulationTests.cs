using RaftKv.Simulation;
using RaftKv.Simulation.Mutations;
using Xunit;

namespace RaftKv.Embedded.Tests.Simulation;

/// <summary>
/// A small share of what <c>tests/RaftKv.Simulation</c> searches for hours: whole replicas under faults, in virtual time (docs/testing.md).
/// </summary>
public sealed class SimulationTests
{
    private const ulong ShareSize = 20;

    private static readonly ulong Shares = Environment.GetEnvironmentVariable("RAFTKV_LONG") == "1" ? 100UL : 6UL;

    public static TheoryData<ulong> FirstSeeds => [.. Enumerable.Range(0, (int)Shares).Select(share => 1000 + ((ulong)share * ShareSize))];

    [Theory]
    [MemberData(nameof(FirstSeeds))]
    public void Fixed_seeds_keep_every_invariant(ulong first)
    {
        for (var seed = first; seed < first + ShareSize; seed++)
            AssertPasses(seed);
    }

    [Theory]
    [InlineData("StaleLeaders")]
    [InlineData("UnknownPeers")]
    [InlineData("ReplacedDisks")]
    [InlineData("FailedSyncs")]
    [InlineData("Overload")]
    [InlineData("FullDisks")]
    [InlineData("Damage")]
    [InlineData("Holders")]
    [InlineData("Handovers")]
    [InlineData("Leases")]
    [InlineData("ChangeAfterElection")]
    public void A_storm_breaks_no_invariant(string profile)
    {
        for (var seed = 1UL; seed <= Shares; seed++)
            Assert.True(SimulationReport.Of(seed, profile) is { Failure: null }, $"dotnet run --project tests/RaftKv.Simulation -c Release -- --seed {seed} --profile {profile}");
    }

    [Fact]
    public void A_seed_replays_to_the_last_message() => Assert.Equal(SimulationReport.Of(7).Fingerprint, SimulationReport.Of(7, transcriptLines: 100).Fingerprint);

    [Fact]
    public void Every_planted_bug_fits_the_sources() => Assert.Empty(PlantedBugs.Misfits());

    private static void AssertPasses(ulong seed) =>
        Assert.True(SimulationReport.Of(seed) is { Failure: null }, $"dotnet run --project tests/RaftKv.Simulation -c Release -- --seed {seed}");
}
