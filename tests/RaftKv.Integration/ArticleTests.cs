using RaftKv.Embedded;
using RaftKv.Integration.Support;
using Xunit;

namespace RaftKv.Integration;

/// <summary>The six manual tests of the article this library started from, with real processes.</summary>
public sealed class ArticleTests : IntegrationTest
{
    [Fact]
    public async Task Test_1_three_nodes_form_a_cluster_when_two_join_the_first()
    {
        var cluster = await JoinThreeAsync();

        foreach (var status in await cluster.StatusesAsync())
        {
            Assert.Equal(["node1", "node2", "node3"], status.Members.Select(m => m.NodeId).Order());
            Assert.All(status.Members, m => Assert.True(m.Role == RaftKvMemberRole.Voter));
        }
    }

    [Fact]
    public async Task Test_2_what_one_node_sets_and_deletes_all_nodes_see()
    {
        var cluster = await JoinThreeAsync();

        await cluster["node1"].SetAsync("foo", "bar");
        foreach (var node in cluster.Nodes)
            Assert.Equal("bar", await node.GetTextAsync("foo"));

        Assert.True((await cluster["node1"].DeleteAsync("foo")).Applied);
        foreach (var node in cluster.Nodes)
            Assert.False((await node.GetAsync("foo")).Found);
    }

    [Fact]
    public async Task Test_3_a_removed_node_rejoins_at_the_first_try_and_has_what_it_missed()
    {
        var cluster = await JoinThreeAsync(Steady);
        var before = await LeadershipAsync(cluster);
        Assert.Equal("node1", before.LeaderId);

        await cluster["node1"].RemoveMemberAsync("node3");
        await cluster["node1"].SetAsync("missed", "by node3");
        Assert.Equal("by node3", await cluster["node2"].GetTextAsync("missed"));
        await cluster["node1"].AddMemberAsync(cluster["node3"]);

        await cluster["node3"].WaitUntilReadyAsync();
        Assert.Equal("by node3", await cluster["node3"].GetTextAsync("missed"));
        await AssertSameLeaderAsync(cluster, before);
    }

    [Fact]
    public async Task Test_4_a_killed_node_returns_with_its_directory_and_catches_up_without_an_election()
    {
        var cluster = await JoinThreeAsync(Steady);
        var before = await LeadershipAsync(cluster);

        await cluster["node3"].KillAsync();
        await cluster["node1"].SetAsync("missed", "by node3");
        await cluster["node3"].StartAsync();

        await cluster["node3"].WaitUntilReadyAsync();
        Assert.Equal("by node3", await cluster["node3"].GetTextAsync("missed", KvConsistency.Stale));
        await AssertSameLeaderAsync(cluster, before);
    }

    [Fact]
    public async Task Test_5_an_empty_fourth_node_joins_and_has_everything_written_before()
    {
        var cluster = await JoinThreeAsync();
        await FillAsync(cluster["node1"], 1_000);

        var node4 = cluster.AddNode("node4");
        await node4.StartAsync();
        await cluster["node1"].AddMemberAsync(node4);

        await node4.WaitUntilReadyAsync();
        Assert.Equal(1_000, (await node4.StatusAsync()).KeyCount);
        await cluster.SameContentAsync();
    }

    [Fact]
    public async Task Test_6_a_follower_takes_a_delete_and_every_node_shows_the_same_configuration()
    {
        var cluster = await JoinThreeAsync();
        await cluster["node1"].SetAsync("foo", "bar");
        var follower = await cluster.FollowerAsync();

        Assert.True((await follower.DeleteAsync("foo")).Applied);

        foreach (var node in cluster.Nodes)
            Assert.False((await node.GetAsync("foo")).Found);
        var configurations = (await cluster.StatusesAsync())
            .Select(s => (s.ConfigurationIndex, Members: string.Join(' ', s.Members.OrderBy(m => m.NodeId).Select(m => $"{m.NodeId}={m.Address}"))));
        Assert.Single(configurations.Distinct());
    }
}
