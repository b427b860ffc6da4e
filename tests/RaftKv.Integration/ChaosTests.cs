using RaftKv.Integration.Chaos;
using RaftKv.Integration.Chaos.Network;
using RaftKv.Integration.Clocks;
using RaftKv.Integration.Support;
using Xunit;

namespace RaftKv.Integration;

/// <summary>
/// All kinds of faults at the same time. <c>RAFTKV_CHAOS_SECONDS=600 RAFTKV_SEED=7 dotnet run --project tests/RaftKv.Integration -c Release
/// -- --filter-class '*ChaosTests' --show-stdout All</c> runs them for ten minutes and prints the figures.
/// </summary>
public sealed class ChaosTests
{
    private static int Seconds => int.TryParse(Environment.GetEnvironmentVariable("RAFTKV_CHAOS_SECONDS"), out var seconds) ? seconds : 12;

    private static int Seed => int.TryParse(Environment.GetEnvironmentVariable("RAFTKV_SEED"), out var seed) ? seed : 1;

    [Fact]
    public async Task Whatever_happens_to_processes_and_network_every_answer_is_linearizable_and_nothing_is_lost()
    {
        await using var world = await ChaosWorld.FormAsync();
        try
        {
            var report = await new ChaosRun(world, Seed).RunAsync(TimeSpan.FromSeconds(Seconds));
            TestContext.Current.TestOutputHelper!.WriteLine(report);
        }
        catch
        {
            TestContext.Current.TestOutputHelper!.WriteLine(world.Cluster.LogTails());
            throw;
        }
    }

    /// <summary>Skipped where a kind of fault is left out of the run above, for the reason it gives.</summary>
    [Theory]
    [InlineData("partitions, loss and resets")]
    [InlineData("clock steps")]
    [InlineData("full disks")]
    public void This_machine_permits(string faults)
    {
        using var disk = MountedDirectory.TryMount(1, out var noDisk);
        var missing = faults switch
        {
            "clock steps" => NodeClocks.Missing,
            "full disks" => disk is null ? $"no small disk can be mounted ({noDisk}): run as root" : null,
            _ => ChaosNetwork.MissingForNamespaces,
        };
        Assert.SkipUnless(missing is null, $"The chaos run has no {faults}: {missing}");
    }
}
