using RaftKv.Embedded;
using RaftKv.Integration.Support;
using Xunit;

namespace RaftKv.Integration;

/// <summary>
/// What the host does to its replica: with blocked threads or garbage collections a leader keeps its leadership, and with a graceful stop
/// it hands over without a failed call.
/// </summary>
public sealed class HostTests : IntegrationTest
{
    [Fact]
    public async Task A_leader_whose_every_pool_thread_is_blocked_keeps_its_leadership()
    {
        var cluster = await FormAsync(configure: Steady);
        var before = await LeadershipAsync(cluster);
        var leader = await cluster.LeaderAsync();
        var follower = await cluster.FollowerAsync();
        var seconds = IsLong ? 30 : 5;

        await leader.BlockThreadPoolAsync(seconds);
        await follower.BlockThreadPoolAsync(seconds);
        await Task.Delay(TimeSpan.FromSeconds(seconds), TestContext.Current.CancellationToken);

        await AssertSameLeaderAsync(cluster, before);
        await cluster.WaitAsync("a write after the threads are free", async () => (await leader.SetAsync("after", "works")).Applied);
        await AssertSameLeaderAsync(cluster, before);
    }

    [Fact]
    public async Task A_leader_whose_host_collects_garbage_without_pause_keeps_its_leadership()
    {
        var cluster = await FormAsync(configure: Steady);
        var before = await LeadershipAsync(cluster);
        var leader = await cluster.LeaderAsync();
        var writes = new AckedWrites(4, "w", [.. cluster.Nodes]);
        var seconds = IsLong ? 30 : 3;

        await leader.CollectGarbageAsync(seconds);
        await Task.Delay(TimeSpan.FromSeconds(seconds), TestContext.Current.CancellationToken);
        await writes.WaitForMoreAsync(cluster, 50);
        await writes.StopAsync();

        await AssertSameLeaderAsync(cluster, before);
        await writes.AssertAllOnAsync(leader);
    }

    [Fact]
    public async Task A_leader_that_stops_gracefully_hands_over_and_no_call_on_the_other_nodes_fails()
    {
        var cluster = await FormAsync();
        for (var round = 0; round < 3; round++)
        {
            var leader = await cluster.LeaderAsync();
            var term = (await leader.StatusAsync()).Term;
            var others = cluster.Nodes.Where(n => n != leader).ToArray();
            var writes = new AckedWrites(8, $"round{round}", others);
            await writes.WaitForMoreAsync(cluster, 100);

            await leader.StopAsync();

            await writes.WaitForMoreAsync(cluster, 100);
            await writes.StopAsync();
            Assert.Empty(writes.Failures);
            Assert.Equal(term + 1, (await cluster.AgreedLeaderAsync()).Term);
            await leader.StartAsync();
            await leader.WaitUntilReadyAsync();
            await writes.AssertAllOnAsync(leader);
        }
    }

    [Fact]
    public async Task Leadership_is_handed_to_the_node_that_was_named_while_writes_go_on()
    {
        var cluster = await FormAsync();
        var writes = new AckedWrites(4, "w", [.. cluster.Nodes]);
        foreach (var node in cluster.Nodes.Concat(cluster.Nodes).ToArray())
        {
            await writes.WaitForMoreAsync(cluster, 20);
            await (await cluster.FollowerAsync()).TransferLeadershipAsync(node.NodeId);
            Assert.Equal(node.NodeId, (await cluster.AgreedLeaderAsync()).NodeId);
        }

        await writes.StopAsync();
        foreach (var node in cluster.Nodes)
            await writes.AssertAllOnAsync(node);
    }

    [Fact]
    public async Task One_process_with_nothing_but_a_directory_is_a_durable_cluster_of_one()
    {
        var cluster = NoNodes();
        var node = cluster.AddNode(more: o => o.ListenAddress = new RaftKvOptions().ListenAddress);
        await node.StartAsync();
        Assert.Equal(RaftKvRole.Unformed, (await node.StatusAsync()).Role);

        await node.SetAsync("key", "value");
        await node.RestartAsync();

        await node.WaitUntilReadyAsync();
        Assert.Equal("value", await node.GetTextAsync("key"));
        Assert.Single((await node.StatusAsync()).Members);
    }
}
