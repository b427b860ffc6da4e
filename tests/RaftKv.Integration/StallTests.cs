using RaftKv.Embedded;
using RaftKv.Integration.Support;
using RaftKv.TestNode.Driver;
using Xunit;

namespace RaftKv.Integration;

/// <summary>
/// The watchdog of a node names the cause of a stall: the thread pool, the network, the process, a slow or hanging sync, the garbage
/// collector.
/// </summary>
public sealed class StallTests : IntegrationTest
{
    [Fact]
    public async Task Stalls_of_the_pool_the_network_and_the_process_are_named_and_an_election_says_what_came_before_it()
    {
        var cluster = await FormAsync();
        var follower = await cluster.FollowerAsync();

        await follower.BlockThreadPoolAsync(3);
        await cluster.WaitAsync("the pool's stall", () => HasStallAsync(follower, RaftKvStallCause.ThreadPool));
        var paused = await PauseLeaderAsync(cluster, follower);
        // A pause during a garbage collection is attributed to the collector.
        for (var more = 0; more < 5 && !await HasStallAsync(paused, RaftKvStallCause.Process); more++)
            paused = await PauseLeaderAsync(cluster, cluster.Nodes.First(n => n != paused));
        Assert.True(await HasStallAsync(paused, RaftKvStallCause.Process));

        var elections = (await follower.StatusAsync()).Elections;
        Output.WriteLine(string.Join(Environment.NewLine, elections.Select(e => $"term {e.Term}: {e.LeaderId ?? "nobody"}: {e.Cause}")));
        Assert.Contains(elections, e => e.Cause.Contains($"ms on {follower.NodeId} → ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_slow_sync_of_the_log_is_named_with_its_duration()
    {
        Strace.Require();
        var cluster = await FormAsync(1);
        var node = cluster.Nodes[0];
        await node.SetAsync("key", "before");
        var slow = TimeSpan.FromMilliseconds(400);
        await using (await Strace.SlowAsync(node, "fdatasync", slow))
            await node.SetAsync("key", "during");

        await cluster.WaitAsync("the sync's stall", () => HasStallAsync(node, RaftKvStallCause.Fsync));
        Assert.Contains((await node.StatusAsync()).Stalls, s => s.Cause == RaftKvStallCause.Fsync && s.Duration >= slow);
    }

    [Fact]
    public async Task A_follower_whose_log_hangs_says_so_while_it_hangs_and_is_not_ready_meanwhile()
    {
        Strace.Require();
        var cluster = await FormAsync(configure: options =>
        {
            Steady(options);
            options.RequestTimeout = TimeSpan.FromSeconds(30);
        });
        var leader = await cluster.LeaderAsync();
        var follower = await cluster.FollowerAsync();
        await leader.SetAsync("key", "before");
        await using (await Strace.SlowAsync(follower, "fdatasync", TimeSpan.FromSeconds(25)))
        {
            await leader.SetAsync("key", "during");
            await cluster.WaitAsync("the stall while it lasts", async () => (await follower.StatusAsync()).Stalls.Any(s => s is { Cause: RaftKvStallCause.Fsync, IsOngoing: true }));
            await cluster.WaitAsync("the node that hangs is not ready", async () => await follower.StatusAsync() is { IsReady: false, Readiness: RaftKvReadiness.Stalled });
            Assert.True((await leader.StatusAsync()).IsReady);
        }
        await cluster.WaitAsync("the stall is over", async () => await follower.StatusAsync() is { IsReady: true } status && !status.Stalls.Any(s => s.IsOngoing), 60);
    }

    [Fact]
    public async Task A_long_pause_of_the_garbage_collector_is_named()
    {
        // So that 100 ms are a stall.
        var cluster = await FormAsync(1, o => (o.HeartbeatInterval, o.ElectionTimeout) = (TimeSpan.FromMilliseconds(20), TimeSpan.FromMilliseconds(150)));
        // The heap grows with each collection, and on a busy machine slowly: the pauses become long enough in the end.
        await cluster.Nodes[0].CollectGarbageAsync(120);

        await cluster.WaitAsync("the collector's stall", () => HasStallAsync(cluster.Nodes[0], RaftKvStallCause.Gc), seconds: 120);
    }

    /// <summary>
    /// Stops the leader's process until another node leads and the witness has reported a stall of the network. Returns the old leader when
    /// it has reported its pause.
    /// </summary>
    private static async Task<ClusterNode> PauseLeaderAsync(TestCluster cluster, ClusterNode witness)
    {
        var leader = await cluster.LeaderAsync();
        if (leader == witness)
            witness = cluster.Nodes.First(n => n != leader);
        var before = (await leader.StatusAsync()).Stalls.Count(IsOfTheProcess);
        leader.Pause();
        await cluster.WaitAsync("another leader", async () => (await witness.StatusAsync()).LeaderId is { } now && now != leader.NodeId);
        await cluster.WaitAsync("the silence's stall", () => HasStallAsync(witness, RaftKvStallCause.Network));
        leader.Continue();
        await cluster.WaitAsync("the pause's stall", async () => (await leader.StatusAsync()).Stalls.Count(IsOfTheProcess) > before);
        return leader;
    }

    private static bool IsOfTheProcess(RaftKvStall stall) => stall.Cause is RaftKvStallCause.Process or RaftKvStallCause.Gc;

    private static async Task<bool> HasStallAsync(ClusterNode node, RaftKvStallCause cause) => (await node.StatusAsync()).Stalls.Any(s => s.Cause == cause);
}
