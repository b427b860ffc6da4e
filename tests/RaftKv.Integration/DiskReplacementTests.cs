using System.Diagnostics;
using RaftKv.Embedded;
using RaftKv.Integration.Support;
using RaftKv.TestNode.Driver;
using Xunit;

namespace RaftKv.Integration;

/// <summary>
/// An operator replaces the disks of a cluster one after the other under load, and relies only on the readiness that each node reports: no
/// acknowledged write is lost.
/// </summary>
public sealed class DiskReplacementTests : IntegrationTest
{
    private const int Keys = 10_000;

    [Fact]
    public async Task All_disks_are_replaced_one_after_the_other_each_step_gated_on_readiness_alone()
    {
        var cluster = await FormAsync(configure: o =>
        {
            Steady(o);
            SmallLog(o);
        });
        await FillAsync(cluster.Nodes[0], Keys, valueBytes: 1_000);
        var all = new List<AckedWrites>();
        for (var round = 0; round < Rounds(1); round++)
        {
            var clock = Stopwatch.StartNew();
            var writes = new AckedWrites(6, $"round{round}", [.. cluster.Nodes]);
            all.Add(writes);
            foreach (var node in cluster.Nodes)
            {
                await writes.WaitForMoreAsync(cluster, 20);
                await ReplaceDiskAsync(cluster, node);
            }
            // The other two nodes are a quorum and go on, whichever disk is replaced.
            await writes.WaitForMoreAsync(cluster, 100);
            await writes.StopAsync();
            await cluster.SameContentAsync(120);
            Output.WriteLine($"round {round}: three disks replaced in {clock.Elapsed.TotalSeconds:0.0} s; {writes.Count:N0} writes acknowledged meanwhile, {writes.Failures.Count:N0} calls failed (those of the killed node's own callers)");
        }
        foreach (var writes in all)
            await writes.AssertAllOnAsync(cluster.Nodes[0]);
        Assert.Equal(Keys, (await cluster.Nodes[0].ScanAsync(KvKeyRange.StartingWith("k"), new KvScanOptions { Limit = 2 * Keys })).Length);
        Assert.All((await (await cluster.LeaderAsync()).StatusAsync()).Members, m => Assert.True(m.Role == RaftKvMemberRole.Voter, m.NodeId));
    }

    private static async Task ReplaceDiskAsync(TestCluster cluster, ClusterNode node)
    {
        await node.KillAsync();
        Directory.Delete(node.Options.DataDirectory, recursive: true);
        await node.StartAsync();
        await cluster.WaitAsync($"readiness of {node.NodeId}", async () => (await node.StatusAsync()).IsReady, 180);
    }
}
