using System.Diagnostics;
using System.Text;
using RaftKv.Embedded;
using RaftKv.Integration.Support;
using RaftKv.Testing;
using RaftKv.TestNode.Driver;
using Xunit;

namespace RaftKv.Integration;

/// <summary>
/// The defects that the program of the article shows when it is run: each test checks that this library does not have one of them.
/// </summary>
public sealed class ArticleDefectTests : IntegrationTest
{
    [Fact]
    public async Task Defect_1_a_removed_node_learns_of_it_does_not_campaign_and_rejoins_without_an_election()
    {
        var cluster = await FormAsync(configure: Steady);
        var before = await LeadershipAsync(cluster);
        var removed = await cluster.FollowerAsync();
        var leader = await cluster.LeaderAsync();

        await leader.RemoveMemberAsync(removed.NodeId);
        await cluster.WaitAsync("the removed node knowing it", async () => (await removed.StatusAsync()).Role == RaftKvRole.Removed);
        await leader.SetAsync("missed", "by the removed node");
        await Task.Delay(TimeSpan.FromSeconds(IsLong ? 20 : 2.5), TestContext.Current.CancellationToken);
        Assert.Equal(before.Term, (await removed.StatusAsync()).Term);
        await leader.AddMemberAsync(removed);

        await removed.WaitUntilReadyAsync();
        Assert.Equal("by the removed node", await removed.GetTextAsync("missed"));
        await AssertSameLeaderAsync(cluster, before);
    }

    [Fact]
    public async Task Defect_1_a_node_removed_while_it_was_down_does_not_disturb_the_others_and_rejoins()
    {
        var cluster = await FormAsync(configure: Steady);
        var before = await LeadershipAsync(cluster);
        var removed = await cluster.FollowerAsync();
        var leader = await cluster.LeaderAsync();
        await removed.KillAsync();
        await leader.RemoveMemberAsync(removed.NodeId);

        await removed.StartAsync();
        await Task.Delay(TimeSpan.FromSeconds(IsLong ? 20 : 2.5), TestContext.Current.CancellationToken);
        await leader.SetAsync("missed", "by the removed node");
        await leader.AddMemberAsync(removed);

        await removed.WaitUntilReadyAsync();
        Assert.Equal("by the removed node", await removed.GetTextAsync("missed"));
        await AssertSameLeaderAsync(cluster, before);
    }

    [Fact]
    public async Task Defect_2_a_restarted_follower_does_not_depose_a_healthy_leader()
    {
        var cluster = await FormAsync(configure: Steady);
        var before = await LeadershipAsync(cluster);
        var follower = await cluster.FollowerAsync();
        for (var i = 0; i < 3; i++)
        {
            await follower.KillAsync();
            await (await cluster.LeaderAsync()).SetAsync($"missed/{i}", "value");
            await Task.Delay(TimeSpan.FromSeconds(IsLong ? 10 : 0.5), TestContext.Current.CancellationToken);
            await follower.StartAsync();
            await follower.WaitUntilReadyAsync();
        }

        await AssertSameLeaderAsync(cluster, before);
        await cluster.SameContentAsync();
    }

    [Fact]
    public async Task Defect_3_a_node_with_a_history_of_its_own_is_refused_and_nothing_changes()
    {
        var cluster = await FormAsync(1);
        var node1 = cluster.Nodes[0];
        await node1.SetAsync("k1", "v1");
        var alone = cluster.AddNode("alone");
        await alone.StartAsync();
        await alone.SetAsync("ghost", "written alone");

        var error = await FailsAsync(() => node1.AddMemberAsync(alone));

        Assert.Equal(nameof(RaftKvMembershipException), error.Type);
        Assert.Equal(nameof(RaftKvMembershipError.ForeignNode), error.Reason);
        Assert.Single((await node1.StatusAsync()).Members);
        Assert.Equal("written alone", await alone.GetTextAsync("ghost"));
        Assert.False((await node1.GetAsync("ghost")).Found);
        await node1.SetAsync("still", "works");
    }

    [Fact]
    public async Task Defect_3_a_node_that_was_not_joined_yet_has_no_history()
    {
        var cluster = NoNodes();
        var node = cluster.AddNode();
        await node.StartAsync();

        var status = await node.StatusAsync();
        Assert.Equal(RaftKvRole.Unformed, status.Role);
        Assert.Equal(Guid.Empty, status.ClusterId);
        Assert.Equal(0, status.LastIndex);
    }

    [Fact]
    public async Task Defect_4_after_a_snapshot_nodes_restart_join_and_write_with_one_member_down()
    {
        var cluster = await FormAsync(configure: SmallLog);
        var leader = await cluster.LeaderAsync();
        await FillAsync(leader, 8_000, valueBytes: 400);
        await Task.WhenAll(cluster.Nodes.Select(n => n.TakeSnapshotAsync()));
        var writes = new AckedWrites(4, "w", leader);
        var follower = cluster.Nodes.First(n => n != leader);

        await follower.RestartAsync();
        await follower.WaitUntilReadyAsync();
        await follower.KillAsync();
        var node4 = cluster.AddNode("node4");
        await node4.StartAsync();
        await leader.AddMemberAsync(node4);
        await writes.WaitForMoreAsync(cluster, 50);
        await follower.StartAsync();
        await follower.WaitUntilReadyAsync();
        await writes.StopAsync();

        Assert.Empty(writes.Failures);
        foreach (var node in cluster.Nodes)
            await writes.AssertAllOnAsync(node);
        await cluster.SameContentAsync();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Defect_5_joining_a_dead_address_costs_no_quorum_and_is_repaired_by_a_removal(int count)
    {
        var cluster = await FormAsync(count, o => o.RequestTimeout = TimeSpan.FromSeconds(3));
        var leader = await cluster.LeaderAsync();

        var error = await FailsAsync(() => leader.AddMemberAsync("ghost", $"127.0.0.1:{Ports.Take()}"));

        Assert.Equal(nameof(RaftKvMembershipException), error.Type);
        Assert.Equal(nameof(RaftKvMembershipError.NotCaughtUp), error.Reason);
        await leader.SetAsync("still", "works");
        Assert.DoesNotContain((await leader.StatusAsync()).Members, m => m is { NodeId: "ghost", Role: RaftKvMemberRole.Voter });
        if ((await leader.StatusAsync()).Members.Any(m => m.NodeId == "ghost"))
            await leader.RemoveMemberAsync("ghost");
        Assert.Equal(count, (await leader.StatusAsync()).Members.Count);
        await leader.SetAsync("works", "on");
    }

    [Theory]
    [InlineData("!badger!x")]
    [InlineData("a/b")]
    [InlineData(" pad ")]
    [InlineData("..")]
    [InlineData("a?b=c&d#e%2f")]
    [InlineData("\0\u0001\u007f")]
    [InlineData("ключ-🗝")]
    public async Task Defect_7_any_key_and_any_value_round_trip_byte_for_byte(string key)
    {
        var cluster = await FormAsync(1);
        var node = cluster.Nodes[0];
        byte[][] values = [[], [0], [.. Enumerable.Range(0, 256).Select(i => (byte)i)], Encoding.UTF8.GetBytes("12345678901234567890")];
        foreach (var value in values)
        {
            await node.SetAsync(key, value);
            Assert.Equal(value, (await node.GetAsync(key)).Value.ToArray());
            Assert.Equal(value, (await node.TryReadAsync(key)).Value.ToArray());
            Assert.Equal(value, Assert.Single(await node.ScanAsync(KvKeyRange.StartingWith(key))).Value.ToArray());
        }
    }

    [Fact]
    public async Task Defect_8_a_load_loses_no_write_and_neither_it_nor_idling_changes_the_term()
    {
        var cluster = await FormAsync(configure: Steady);
        var before = await LeadershipAsync(cluster);

        await FillAsync(await cluster.FollowerAsync(), 13_000);
        await Task.Delay(TimeSpan.FromSeconds(IsLong ? 240 : 3), TestContext.Current.CancellationToken);

        await AssertSameLeaderAsync(cluster, before);
        Assert.Equal(13_000, (await cluster.Nodes[0].StatusAsync()).KeyCount);
        await cluster.SameContentAsync();
    }

    [Fact]
    public async Task Defect_10_members_dial_the_advertised_address_and_not_the_listen_address()
    {
        var cluster = NoNodes();
        foreach (var _ in Enumerable.Range(0, 2))
        {
            var node = cluster.AddNode(more: o =>
            {
                o.AdvertiseAddress = o.ListenAddress.Replace("127.0.0.1", "localhost");
                o.ListenAddress = o.ListenAddress.Replace("127.0.0.1", "0.0.0.0");
                o.AllowInsecurePeers = true;
            });
            await node.StartAsync();
        }

        await cluster["node1"].AddMemberAsync(cluster["node2"]);

        await cluster["node2"].WaitUntilReadyAsync();
        Assert.All((await cluster["node2"].StatusAsync()).Members, m => Assert.StartsWith("localhost:", m.Address));
        await cluster["node2"].SetAsync("dialled", "yes");
    }

    [Theory]
    [InlineData(":1111", null)]
    [InlineData("0.0.0.0:1111", null)]
    [InlineData("127.0.0.1:1111", ":1111")]
    [InlineData("127.0.0.1:1111", "0.0.0.0:1111")]
    public async Task Defect_10_an_address_that_names_no_host_is_refused_at_the_start(string listen, string? advertise)
    {
        var cluster = NoNodes();
        var node = cluster.AddNode(more: o => (o.ListenAddress, o.AdvertiseAddress, o.AllowInsecurePeers) = (listen, advertise, true));

        var error = await StartFailsAsync(node);

        Assert.Equal("OptionsValidationException", error.Type);
        Assert.Contains("Address", error.Message);
    }

    [Fact]
    public async Task Defect_11_local_reads_do_not_go_back_in_time_while_a_restarted_node_replays()
    {
        var cluster = await FormAsync();
        var leader = await cluster.LeaderAsync();
        var node = await cluster.FollowerAsync();
        await FillAsync(leader, 5_000);
        using var counter = new FreshnessWatch("count", [leader], readersPerNode: 0);
        for (var round = 0; round < (IsLong ? 20 : 2); round++)
        {
            var seen = 0L;
            var clock = Stopwatch.StartNew();
            while (seen == 0 || clock.ElapsedMilliseconds < 300)
                seen = await LocalCountAsync(node) ?? seen;
            await node.KillAsync();
            await node.StartAsync();
            await AssertNeverBelowAsync(cluster, node, seen);
        }

        await counter.StopAsync();
    }

    [Fact]
    public async Task Defect_11_a_node_restarted_without_its_peers_serves_no_local_read_older_than_before()
    {
        var cluster = await FormAsync(configure: o => o.RequestTimeout = TimeSpan.FromSeconds(1));
        var node = await cluster.FollowerAsync();
        await FillAsync(node, 1_000);
        await node.SetAsync("count", "7");
        Assert.Equal(7, await LocalCountAsync(node));
        await Task.WhenAll(cluster.Nodes.Select(n => n.KillAsync()));

        await node.StartAsync();

        for (var i = 0; i < 5; i++)
        {
            var (outcome, text) = await Calls.TryAsync(() => node.GetTextAsync("count", KvConsistency.Stale));
            if (outcome == WriteOutcome.Acknowledged)
                Assert.Equal("7", text);
        }
    }

    private static async Task AssertNeverBelowAsync(TestCluster cluster, ClusterNode node, long seen)
        => await cluster.WaitAsync("a local read beyond what was seen before the restart", async () =>
        {
            var now = await LocalCountAsync(node);
            Assert.True(now is null || now >= seen, $"{node.NodeId} had answered {seen} before its restart, and now {now}.");
            return now > seen;
        });

    /// <summary>The count in this node's own copy; <c>null</c> while the node refuses to serve it.</summary>
    private static async Task<long?> LocalCountAsync(ClusterNode node)
    {
        var (outcome, text) = await Calls.TryAsync(() => node.GetTextAsync("count", KvConsistency.Stale));
        return outcome == WriteOutcome.Acknowledged ? long.Parse(text ?? "0") : null;
    }
}
