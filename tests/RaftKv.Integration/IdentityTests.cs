using System.Globalization;
using RaftKv.Embedded;
using RaftKv.Integration.Support;
using RaftKv.Testing;
using RaftKv.TestNode.Driver;
using Xunit;

namespace RaftKv.Integration;

/// <summary>
/// Without an operator nodes form one cluster, join it, move to other addresses, and return with an empty disk; and copies of one identity
/// are told apart.
/// </summary>
public sealed class IdentityTests : IntegrationTest
{
    [Fact]
    public async Task One_configuration_forms_one_cluster_in_any_order_of_starts()
    {
        int[][] orders = IsLong ? [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] : [[2, 1, 0], [1, 0, 2]];
        foreach (var order in orders)
        {
            var cluster = NoNodes();
            var members = Enumerable.Range(0, 3).Select(_ => cluster.AddNode()).ToArray();
            Introduce(members, members);
            foreach (var next in order)
            {
                await members[next].StartAsync();
                // The nodes that run already have time to act alone.
                await Task.Delay(100, TestContext.Current.CancellationToken);
            }

            await Task.WhenAll(members.Select(n => n.WaitUntilReadyAsync()));
            Assert.Single((await cluster.StatusesAsync()).Select(s => s.ClusterId).Distinct());
            foreach (var node in members)
                await node.KillAsync();
        }
    }

    [Fact]
    public async Task A_fresh_node_with_seeds_joins_by_itself_even_when_it_is_there_before_the_cluster()
    {
        var cluster = NoNodes();
        var members = Enumerable.Range(0, 3).Select(_ => cluster.AddNode()).ToArray();
        Introduce(members, members);
        var newNode = cluster.AddNode("node4", o =>
        {
            o.Seeds.Add("127.0.0.1:1");
            o.Seeds.Add(members[2].Address);
        });
        await newNode.StartAsync();
        var alone = await FailsAsync(() => newNode.SetAsync("key", "value", cancelAfterMs: 200));
        Assert.NotEqual(KvOutcome.Unknown, alone.Outcome ?? KvOutcome.NotApplied);

        await Task.WhenAll(members.Select(n => n.StartAsync()));
        await members[0].WaitUntilReadyAsync();
        await members[0].SetAsync("key", "value");
        await newNode.WaitUntilReadyAsync();

        await WaitForVotersAsync(cluster, members[0], 4);
        Assert.Equal("value", await newNode.GetTextAsync("key"));
        Assert.Single((await cluster.StatusesAsync()).Select(s => s.ClusterId).Distinct());
    }

    [Fact]
    public async Task A_fresh_node_whose_seeds_are_of_two_clusters_joins_neither()
    {
        var (one, other) = (await FormAsync(1), await FormAsync(1));
        await one.Nodes[0].SetAsync("key", "one");
        await other.Nodes[0].SetAsync("key", "other");
        var newNode = one.AddNode("node4", o =>
        {
            o.Seeds.Add(one.Nodes[0].Address);
            o.Seeds.Add(other.Nodes[0].Address);
        });
        await newNode.StartAsync();

        await one.WaitAsync("a line in the log", () =>
            Task.FromResult(newNode.LogTail().Contains("this node joins neither", StringComparison.Ordinal)));

        Assert.Equal(RaftKvRole.Unformed, (await newNode.StatusAsync()).Role);
        Assert.Single((await one.Nodes[0].StatusAsync()).Members);
        Assert.Single((await other.Nodes[0].StatusAsync()).Members);
    }

    [Fact]
    public async Task One_node_may_move_without_a_word_to_the_others()
    {
        var cluster = await FormAsync();
        var mover = await cluster.FollowerAsync();
        await mover.StopAsync();
        Move(mover);

        await mover.StartAsync();
        await mover.WaitUntilReadyAsync();
        await mover.SetAsync("key", "from its new address");

        await WaitForAddressesAsync(cluster);
        await cluster.SameContentAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task All_nodes_may_move_at_once_when_their_lists_or_one_seed_say_where_to(bool bySeed)
    {
        var cluster = await FormAsync();
        await cluster.Nodes[0].SetAsync("key", "value");
        await Task.WhenAll(cluster.Nodes.Select(n => n.KillAsync()));
        foreach (var node in cluster.Nodes)
        {
            Move(node);
            node.Options.InitialMembers.Clear();
        }

        if (bySeed)
        {
            foreach (var node in cluster.Nodes)
                node.Options.Seeds.Add(cluster.Nodes[1].Address);
        }
        else
        {
            Introduce(cluster.Nodes, cluster.Nodes);
        }

        await Task.WhenAll(cluster.Nodes.Select(n => n.StartAsync()));
        await Task.WhenAll(cluster.Nodes.Select(n => n.WaitUntilReadyAsync()));
        Assert.Equal("value", await cluster.Nodes[2].GetTextAsync("key"));
        await cluster.Nodes[0].SetAsync("key", "after");
        await WaitForAddressesAsync(cluster, butOne: true);
        await cluster.SameContentAsync();
    }

    [Theory]
    [InlineData("node1")]
    [InlineData("node3")]
    public async Task A_node_whose_disk_was_wiped_returns_by_itself_under_another_identity(string wiped)
    {
        // node1 bootstrapped the cluster and must not bootstrap another one.
        var cluster = await FormAsync();
        await FillAsync(cluster.Nodes[0], 500);
        var node = cluster[wiped];
        var clusterId = (await node.StatusAsync()).ClusterId;
        await node.KillAsync();
        Directory.Delete(node.Options.DataDirectory, recursive: true);
        var other = cluster.Nodes.First(n => n != node);
        await other.SetAsync("while", "it was away");

        await node.StartAsync();
        await node.WaitUntilReadyAsync();

        await WaitForVotersAsync(cluster, other, 3);
        Assert.Equal(clusterId, (await node.StatusAsync()).ClusterId);
        Assert.Equal("it was away", await node.GetTextAsync("while", KvConsistency.Stale));
        await cluster.SameContentAsync();
    }

    [Fact]
    public async Task A_wiped_node_that_was_only_ever_added_is_noticed_by_the_leader()
    {
        var cluster = await JoinThreeAsync();
        var node = cluster["node3"];
        await node.KillAsync();
        Directory.Delete(node.Options.DataDirectory, recursive: true);

        await node.StartAsync();

        await cluster.WaitAsync("the node being admitted", async () => (await node.StatusAsync()) is { IsReady: true, Members.Count: 3 });
        await WaitForVotersAsync(cluster, cluster["node1"], 3);
        await cluster.SameContentAsync();
    }

    [Fact]
    public async Task Two_processes_with_copies_of_one_directory_are_told_apart_and_the_later_one_stops()
    {
        var cluster = await FormAsync();
        var original = await cluster.FollowerAsync();
        await original.StopAsync();
        var copy = NoNodes().AddNode(original.NodeId, o => o.DataDirectory += "-copy");
        CopyDirectory(original.Options.DataDirectory, copy.Options.DataDirectory);
        await original.StartAsync();
        await original.WaitUntilReadyAsync();

        await copy.StartAsync();

        await cluster.WaitAsync("the copy being refused", async () => (await copy.StatusAsync()).Role == RaftKvRole.Faulted);
        Assert.Contains("Another process runs with the identity of this node's data directory", (await copy.StatusAsync()).Fault);
        await original.SetAsync("key", "the original goes on");
        await original.RestartAsync();
        await original.WaitUntilReadyAsync();
        await cluster.SameContentAsync();
    }

    private static void Introduce(IEnumerable<ClusterNode> nodes, IReadOnlyList<ClusterNode> members)
    {
        foreach (var node in nodes)
        {
            foreach (var member in members)
                node.Options.InitialMembers.Add(new RaftKvMember { NodeId = member.NodeId, Address = member.Address });
        }
    }

    private static void Move(ClusterNode node) => node.Options.ListenAddress = "127.0.0.1:" + Ports.Take().ToString(CultureInfo.InvariantCulture);

    /// <summary>
    /// Waits until the configuration has the current address of every member. With <paramref name="butOne"/> the address of the leader is
    /// left out, because the leader does not check its own.
    /// </summary>
    private static Task WaitForAddressesAsync(TestCluster cluster, bool butOne = false) => cluster.WaitAsync("the new addresses in the configuration", async () =>
    {
        var statuses = await cluster.StatusesAsync();
        return Array.TrueForAll(statuses, s => s.Members.Count(m => m.Address != cluster[m.NodeId].Address && !(butOne && m.IsLeader)) == 0);
    });

    private static Task WaitForVotersAsync(TestCluster cluster, ClusterNode node, int voters)
        => cluster.WaitAsync($"{voters} voters", async () => (await node.StatusAsync()).Members.Count(m => m.Role == RaftKvMemberRole.Voter) == voters);

    private static void CopyDirectory(string from, string to)
    {
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }
}
