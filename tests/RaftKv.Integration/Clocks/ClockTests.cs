using RaftKv.Embedded;
using RaftKv.Integration.Support;
using RaftKv.TestNode.Driver;
using Xunit;

namespace RaftKv.Integration.Clocks;

/// <summary>Locks, lifetimes and the status under wall clocks that are wrong, and under a leadership that moves often.</summary>
public sealed class ClockTests : IntegrationTest
{
    private static readonly TimeSpan Years = TimeSpan.FromDays(3650);

    private static readonly TimeSpan TimeToLive = TimeSpan.FromSeconds(6);

    public static TheoryData<double> Periods => IsLong ? [2, 5, 10] : [2];

    [Theory]
    [MemberData(nameof(Periods))]
    public async Task The_lock_of_a_dead_holder_is_free_after_its_time_although_the_leadership_moves(double seconds)
    {
        var cluster = await FormAsync(3, Steady);
        var leader = await cluster.LeaderAsync();
        var holder = cluster.Nodes.First(n => n != leader);
        await holder.LockAsync("job", TimeToLive);
        var others = cluster.Nodes.Where(n => n != holder).ToArray();
        await holder.KillAsync();
        var next = others[0].LockAsync("job", TimeSpan.FromSeconds(30));

        var moves = 0;
        while (!next.IsCompleted && moves < 30)
        {
            await Task.WhenAny(next, Task.Delay(TimeSpan.FromSeconds(seconds), TestContext.Current.CancellationToken));
            if (next.IsCompleted)
                break;
            moves++;
            leader = await cluster.LeaderAsync();
            await Calls.TryAsync(async () =>
            {
                await leader.TransferLeadershipAsync(others.First(n => n != leader).NodeId);
                return true;
            });
        }

        Assert.True(next.IsCompletedSuccessfully, $"The lock is not free after {moves} moves, one each {seconds} s.");
        // The lock would never become free if the time since the last entry counted as time without a leader. Each move may cost an
        // election.
        Assert.InRange(moves, 0, (int)((TimeToLive.TotalSeconds + 2) / seconds) + 6);
    }

    [Fact]
    public async Task One_node_of_three_whose_clock_is_years_ahead_at_a_cold_start_lets_nothing_expire_and_is_named()
    {
        using var clocks = NodeClocks.Open();
        var cluster = Track(await TestCluster.FormAsync(3, Steady, nodeId => NodeProgram.TestNode with { Environment = clocks.EnvironmentOf(nodeId) }));
        await cluster.Nodes[0].SetForAsync("hour", "v", TimeSpan.FromHours(1));
        foreach (var node in cluster.Nodes)
            await node.KillAsync();
        clocks.Put("node1", Years);
        await Task.WhenAll(cluster.Nodes.Select(n => n.StartAsync()));
        await Task.WhenAll(cluster.Nodes.Select(n => n.WaitUntilReadyAsync()));

        // Also with this node as the leader.
        await Calls.TryAsync(async () =>
        {
            await (await cluster.LeaderAsync()).TransferLeadershipAsync("node1");
            return true;
        });
        var (sane, end) = (cluster["node2"], DateTimeOffset.UtcNow.AddHours(1));
        await sane.SetUntilAsync("until", "v", end);
        await sane.SetForAsync("short", "v", TimeSpan.FromMilliseconds(100));
        await cluster.WaitAsync("end of the short key", async () => !(await sane.GetAsync("short")).Found);
        await cluster.WaitAsync("name of the node whose clock is ahead", async () =>
            (await sane.StatusAsync()).Members.Single(m => m.NodeId == "node1").ClockDifference > TimeSpan.FromDays(3000), 60);

        Assert.True((await sane.GetAsync("hour")).Found);
        var shown = Assert.Single(await sane.ScanAsync(KvKeyRange.Exactly("until"))).ExpiresAt!.Value;
        // The time for which the cluster was down may be added to log time after the key was set.
        Assert.InRange(shown, end.AddMinutes(-2), end.AddMinutes(1));
        Assert.InRange((await sane.StatusAsync()).LogTimeAhead!.Value, TimeSpan.FromDays(-1), TimeSpan.FromDays(1));
        Assert.Contains("the wall clock of node1 differs", cluster.LogTails(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cluster_of_one_that_once_started_years_ahead_says_so_and_keeps_what_is_given_an_end_afterwards()
    {
        using var clocks = NodeClocks.Open();
        var cluster = Track(await TestCluster.FormAsync(1, null, nodeId => NodeProgram.TestNode with { Environment = clocks.EnvironmentOf(nodeId) }));
        var node = cluster.Nodes[0];
        await node.KillAsync();
        clocks.Put(node.NodeId, Years);
        await node.StartAsync();
        await node.SetAsync("written", "v");
        await node.KillAsync();
        clocks.Put(node.NodeId, TimeSpan.Zero);
        await node.StartAsync();
        await node.SetUntilAsync("until", "v", DateTimeOffset.UtcNow.AddHours(1));
        await node.SetForAsync("short", "v", TimeSpan.FromMilliseconds(100));
        await cluster.WaitAsync("end of the short key", async () => !(await node.GetAsync("short")).Found);

        Assert.True((await node.GetAsync("until")).Found);
        Assert.True((await node.StatusAsync()).LogTimeAhead > TimeSpan.FromDays(3000));
        await cluster.WaitAsync("line in the log", () => Task.FromResult(cluster.LogTails().Contains("s ahead of the clock", StringComparison.Ordinal)));
    }
}
