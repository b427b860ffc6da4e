using RaftKv.Embedded;
using RaftKv.Integration.Support;
using RaftKv.TestNode.Driver;
using Xunit;

namespace RaftKv.Integration;

/// <summary>Members that come and go while clients write: nothing acknowledged is lost, and the writes go on.</summary>
public sealed class MembershipTests : IntegrationTest
{
    [Fact]
    public async Task Three_become_five_and_three_again_while_clients_write()
    {
        var cluster = await FormAsync(configure: Steady);
        var writes = new AckedWrites(6, "grow", cluster["node1"], cluster["node2"]);
        await writes.WaitForMoreAsync(cluster, 50);
        foreach (var nodeId in (string[])["node4", "node5"])
        {
            var node = cluster.AddNode(nodeId);
            await node.StartAsync();
            await cluster["node1"].AddMemberAsync(node);
            await writes.WaitForMoreAsync(cluster, 50);
        }

        Assert.Equal(5, await VotersAsync(cluster["node1"]));
        await cluster["node2"].RemoveMemberAsync("node3");
        await writes.WaitForMoreAsync(cluster, 50);
        await cluster["node2"].RemoveMemberAsync("node4");
        await writes.WaitForMoreAsync(cluster, 50);
        await writes.StopAsync();

        Assert.Equal(["node1", "node2", "node5"], (await cluster["node1"].StatusAsync()).Members.Select(m => m.NodeId));
        Assert.Empty(writes.Failures);
        await writes.AssertAllOnAsync(cluster["node5"]);
    }

    [Fact]
    public async Task A_dead_node_is_replaced_by_one_call_and_the_leader_by_another()
    {
        var cluster = await FormAsync(configure: Steady);
        var writes = new AckedWrites(4, "replace", [.. cluster.Nodes]);
        await writes.WaitForMoreAsync(cluster, 50);
        var dead = await cluster.FollowerAsync();
        await dead.KillAsync();
        var (four, five) = (cluster.AddNode("node4"), cluster.AddNode("node5"));
        await Task.WhenAll(four.StartAsync(), five.StartAsync());

        var any = cluster.Running.First(n => n != dead && n != four && n != five);
        await any.ReplaceMemberAsync(dead.NodeId, four);
        Assert.Equal(3, await VotersAsync(any));
        var leader = await cluster.LeaderAsync();
        var other = cluster.Running.First(n => n != leader && n != four && n != five);
        await other.ReplaceMemberAsync(leader.NodeId, five);
        // The call may be repeated.
        await other.ReplaceMemberAsync(leader.NodeId, five);
        await writes.StopAsync();

        await cluster.WaitAsync("a leader of the new members", async () => (await other.StatusAsync()) is { IsReady: true } s && s.LeaderId != leader.NodeId);
        Assert.Equal(new[] { other.NodeId, "node4", "node5" }.Order(), (await other.StatusAsync()).Members.Select(m => m.NodeId));
        await writes.AssertAllOnAsync(five);
    }

    [Fact]
    public async Task A_learner_has_everything_and_no_vote_and_is_removed_like_any_other()
    {
        var cluster = await FormAsync();
        await FillAsync(cluster["node1"], 300);
        var learner = cluster.AddNode("learner");
        await learner.StartAsync();
        await cluster["node1"].AddLearnerAsync(learner);
        await learner.WaitUntilReadyAsync();
        await learner.SetAsync("key", "through the learner");

        Assert.Equal(RaftKvRole.Learner, (await learner.StatusAsync()).Role);
        Assert.Equal(3, await VotersAsync(cluster["node1"]));
        await cluster.SameContentAsync();
        await cluster["node1"].RemoveMemberAsync("learner");
        await cluster.WaitAsync("the learner knowing it", async () => (await learner.StatusAsync()).Role == RaftKvRole.Removed);
    }

    [Fact]
    public async Task Of_five_members_three_vote_and_one_that_stands_by_takes_the_place_of_a_dead_one()
    {
        Assert.SkipUnless(IsLong, "a voter must have been silent for 30 s");
        var cluster = await FormAsync(5, o => o.TargetVoters = 3);
        await cluster.WaitAsync("three voters", async () => await VotersAsync(cluster["node1"]) == 3);
        var leader = await cluster.LeaderAsync();
        var status = await leader.StatusAsync();
        var dead = cluster[status.Members.First(m => m.Role == RaftKvMemberRole.Voter && !m.IsLeader).NodeId];
        await dead.KillAsync();

        await cluster.WaitAsync("another voter", async () => (await leader.StatusAsync()).Members is var members
            && members.Count(m => m.Role == RaftKvMemberRole.Voter) == 3 && members.Single(m => m.NodeId == dead.NodeId).Role == RaftKvMemberRole.Learner, seconds: 60);
        await leader.SetAsync("key", "value");
        await dead.StartAsync();
        await dead.WaitUntilReadyAsync();
        await cluster.SameContentAsync();
    }

    private static async Task<int> VotersAsync(ClusterNode node) => (await node.StatusAsync()).Members.Count(m => m.Role == RaftKvMemberRole.Voter);
}
