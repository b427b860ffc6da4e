using RaftKv.Simulation;
using Xunit;

namespace RaftKv.Embedded.Tests.Simulated;

/// <summary>A small share of what <c>tests/RaftKv.Simulation</c> hunts for hours: whole replicas under faults, in virtual time.</summary>
public sealed class SimulationTests
{
    /// <summary>Each has shown a bug once.</summary>
    public static TheoryData<ulong> Regressions => [20, 44, 1370, 20047];

    [Theory]
    [MemberData(nameof(Regressions))]
    public void A_seed_that_once_failed_passes(ulong seed) => Assert.Null(SimulationReport.Of(seed).Failure);

    [Fact]
    public void Fixed_seeds_keep_every_invariant()
    {
        for (var seed = 1000UL; seed < 1020; seed++)
            Assert.True(SimulationReport.Of(seed) is { Failure: null }, $"dotnet run --project tests/RaftKv.Simulation -c Release -- --seed {seed}");
    }

    [Fact]
    public void A_seed_replays_to_the_last_message() => Assert.Equal(SimulationReport.Of(7).Fingerprint, SimulationReport.Of(7, transcriptLines: 100).Fingerprint);
}
