using RaftKv.Integration.Support;
using RaftKv.TestNode.Driver;
using Xunit;

namespace RaftKv.Integration;

/// <summary>Nodes that return, restart or join behind the end of a truncated log, while writes go on.</summary>
public sealed class SnapshotTests : IntegrationTest
{
    private static int Missed => IsLong ? 100_000 : 10_000;

    [Fact]
    public async Task A_node_that_missed_the_truncated_log_catches_up_by_snapshot_while_writes_go_on()
    {
        var cluster = await FormAsync(configure: SmallLog);
        var leader = await cluster.LeaderAsync();
        var away = cluster.Nodes.First(n => n != leader);
        var lastIndex = (await away.StatusAsync()).LastIndex;
        await away.KillAsync();
        await FillAsync(leader, Missed, valueBytes: 400);
        await WaitForTruncationAsync(cluster, leader, behind: lastIndex);

        var writes = new AckedWrites(4, "w", leader);
        await away.StartAsync();
        await away.WaitUntilReadyAsync();
        await writes.WaitForMoreAsync(cluster, 50);
        await writes.StopAsync();

        Assert.True((await away.StatusAsync()).SnapshotIndex > lastIndex, "The node caught up without a snapshot.");
        await writes.AssertAllOnAsync(away);
        await cluster.SameContentAsync();
    }

    [Fact]
    public async Task With_much_data_as_much_log_is_written_between_two_snapshots_as_one_has()
    {
        const int Bytes = 10_000;
        var cluster = await FormAsync(1, SmallLog);
        var node = cluster.Nodes[0];
        await FillAsync(node, 1_000, Bytes);
        var taken = (await node.TakeSnapshotAsync()).Value;

        // Three times the amount of log after which the next snapshot would follow a small one.
        await FillAsync(node, 300, Bytes);
        Assert.Equal(taken, (await node.StatusAsync()).SnapshotIndex);
        await FillAsync(node, 1_000, Bytes);
        await cluster.WaitAsync("the next snapshot", async () => (await node.StatusAsync()).SnapshotIndex > taken);
    }

    [Fact]
    public async Task Every_node_restarts_after_its_log_was_truncated_while_writes_go_on()
    {
        var cluster = await FormAsync(configure: SmallLog);
        await FillAsync(await cluster.LeaderAsync(), Missed, valueBytes: 400);
        foreach (var node in cluster.Nodes)
        {
            await WaitForTruncationAsync(cluster, node, behind: 1);
            var others = cluster.Nodes.Where(n => n != node).ToArray();
            var writes = new AckedWrites(4, node.NodeId, others);
            await writes.WaitForMoreAsync(cluster, 20);
            await node.RestartAsync();
            await node.WaitUntilReadyAsync();
            await writes.WaitForMoreAsync(cluster, 20);
            await writes.StopAsync();
            await writes.AssertAllOnAsync(node);
        }

        await cluster.SameContentAsync();
    }

    [Fact]
    public async Task All_nodes_restarted_at_once_after_truncation_have_everything()
    {
        var cluster = await FormAsync(configure: SmallLog);
        await FillAsync(await cluster.LeaderAsync(), Missed, valueBytes: 400);
        var content = await cluster.SameContentAsync();

        await Task.WhenAll(cluster.Nodes.Select(n => n.RestartAsync()));

        await Task.WhenAll(cluster.Nodes.Select(n => n.WaitUntilReadyAsync()));
        Assert.Equal(content, await cluster.SameContentAsync());
    }

    [Fact]
    public async Task An_empty_node_joins_after_truncation_while_writes_go_on()
    {
        var cluster = await FormAsync(configure: SmallLog);
        var leader = await cluster.LeaderAsync();
        await FillAsync(leader, Missed, valueBytes: 400);
        await WaitForTruncationAsync(cluster, leader, behind: 1);

        var writes = new AckedWrites(4, "w", [.. cluster.Nodes]);
        var node4 = cluster.AddNode("node4");
        await node4.StartAsync();
        await leader.AddMemberAsync(node4);
        await node4.WaitUntilReadyAsync();
        await writes.WaitForMoreAsync(cluster, 50);
        await writes.StopAsync();

        await writes.AssertAllOnAsync(node4);
        await cluster.SameContentAsync();
    }

    [Fact]
    public async Task A_snapshot_asked_for_truncates_the_log_and_the_node_restarts_from_it()
    {
        var cluster = await FormAsync(1, SmallLog);
        var node = cluster.Nodes[0];
        await FillAsync(node, 5_000, valueBytes: 400);
        var content = (await node.HashAsync()).Sha256;

        var version = await node.TakeSnapshotAsync();

        var status = await node.StatusAsync();
        Assert.Equal(version.Value, status.SnapshotIndex);
        Assert.True(status.FirstIndex > 1, "The log was not truncated.");
        await node.RestartAsync();
        await node.WaitUntilReadyAsync();
        Assert.Equal(content, (await node.HashAsync()).Sha256);
    }

    private static Task WaitForTruncationAsync(TestCluster cluster, ClusterNode node, long behind)
        => cluster.WaitAsync($"truncation on {node.NodeId}", async () => (await node.StatusAsync()).FirstIndex > behind + 1);
}
