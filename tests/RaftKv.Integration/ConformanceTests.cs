using RaftKv.Integration.Support;
using Xunit;

namespace RaftKv.Integration;

/// <summary>
/// The conformance cases of the contract on a cluster of three processes. The store in memory and the cluster in one process are tested
/// with the same cases.
/// </summary>
public sealed class ConformanceTests : IntegrationTest
{
    [Fact]
    public async Task A_follower_of_three_processes_does_what_the_contract_says()
    {
        var cluster = await FormAsync(configure: o => o.WatchPreviousValues = true);
        var leader = await cluster.LeaderAsync();
        var follower = cluster.Nodes.First(n => n != leader);

        var report = await follower.RunConformanceAsync();

        Assert.True(report.Failures.Length == 0,
            $"{report.Failures.Length} of {report.Cases} cases failed:\n{string.Join('\n', report.Failures)}");
        Output.WriteLine($"{report.Cases} cases hold on three processes.");
    }
}
