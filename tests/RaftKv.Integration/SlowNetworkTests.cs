using System.Diagnostics;
using System.Globalization;
using RaftKv.Embedded;
using RaftKv.Integration.Support;
using RaftKv.TestNode.Driver;
using RaftKv.TestNode.Protocol;
using Xunit;

namespace RaftKv.Integration;

/// <summary>Real processes behind real links of little bandwidth. <c>RAFTKV_LONG=1</c> prints the table of docs/operations.md.</summary>
public sealed class SlowNetworkTests : IntegrationTest
{
    private const int Megabyte = 1_000_000;

    /// <summary>Megabytes of a snapshot that even a busy machine verifies and loads in a second.</summary>
    private const double SlowestLoading = 50;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_follower_that_is_behind_is_sent_hardly_more_than_it_needs(bool needsSnapshot)
    {
        if (!IsLong)
        {
            var (_, _, ratio) = await CatchUpAsync(needsSnapshot, megabytesPerSecond: 4, megabytes: 12);
            Assert.InRange(ratio, 0.9, 1.25);
            return;
        }
        foreach (var (rate, megabytes) in new[] { (0.5, 20), (2.0, 60), (4.0, 120), (16.0, 400) })
        {
            var (seconds, ideal, ratio) = await CatchUpAsync(needsSnapshot, rate, megabytes);
            Output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{(needsSnapshot ? "snapshot" : "log")} | {rate} MB/s | {megabytes} MB | ideal {ideal:0.0} s | {seconds:0.0} s | {seconds / ideal:0.00} x the time | {ratio:0.00} x the bytes"));
            Assert.InRange(ratio, 0.9, 1.2);
            // A snapshot is verified and loaded when all of it is there.
            var loading = needsSnapshot ? megabytes / SlowestLoading : 0;
            Assert.True(seconds <= (1.3 * ideal) + loading, $"{seconds:0.0} s; ideal {ideal:0.0} s");
        }
    }

    [Fact]
    public async Task Followers_that_forward_more_than_the_links_take_depose_no_leader()
    {
        using var network = SlowNetwork.Open("node1", "node2", "node3");
        await using var cluster = await FormAsync(network, options =>
        {
            Steady(options);
            options.RequestTimeout = TimeSpan.FromMinutes(5);
            options.MaxPendingBytes = 512L * 1024 * 1024;
        });
        var leader = await cluster.LeaderAsync();
        var followers = cluster.Nodes.Where(n => n != leader).ToArray();
        foreach (var node in cluster.Nodes)
            await node.SetAsync($"session/{node.NodeId}", "opened");
        var leadership = await LeadershipAsync(cluster);
        var before = (await leader.StatusAsync()).LastIndex;
        foreach (var node in cluster.Nodes)
            network.Limit(node.NodeId, 6.25);

        var count = IsLong ? 60 : 10;
        var clock = Stopwatch.StartNew();
        var loads = await Task.WhenAll(followers.Select((follower, i) => follower.LoadAsync(new LoadRequest
        {
            Count = count, Keys = count, Callers = count, ValueBytes = 1024 * 1024 - 100, KeyPrefix = (char)('a' + i),
            WaitsWhenOverloaded = true,
        })));
        Output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{2 * count} MiB in {clock.Elapsed.TotalSeconds:0.0} s: {2 * count / clock.Elapsed.TotalSeconds:0.00} MiB/s"));
        foreach (var node in cluster.Nodes)
            network.Limit(node.NodeId, 0);

        Assert.All(loads, load => Assert.Equal((count, null), (load.Operations, load.FirstError)));
        await AssertSameLeaderAsync(cluster, leadership);
        Assert.InRange((await leader.StatusAsync()).LastIndex - before, 2 * count, (2 * count) + 5);
    }

    [Fact]
    public async Task Nodes_whose_names_have_a_silent_address_first_form_a_cluster_and_find_each_other_again()
    {
        using var network = SlowNetwork.Open("node1", "node2", "node3");
        network.GiveNamesWithASilentAddress();
        await using var cluster = await FormAsync(network, options =>
        {
            Steady(options);
            options.AdvertiseAddress = $"{SlowNetwork.NameOf(options.NodeId)}:7000";
        });
        foreach (var node in cluster.Nodes)
            await node.SetAsync(node.NodeId, "stored");
        foreach (var node in cluster.Nodes.ToArray())
        {
            await node.RestartAsync();
            await node.WaitUntilReadyAsync();
            Assert.Equal("stored", await node.GetTextAsync(node.NodeId));
        }
    }

    private static async Task<(double Seconds, double Ideal, double Ratio)> CatchUpAsync(bool needsSnapshot, double megabytesPerSecond, int megabytes)
    {
        using var network = SlowNetwork.Open("node1", "node2", "node3");
        await using var cluster = await FormAsync(network, options =>
        {
            Steady(options);
            if (needsSnapshot)
                options.LogRetentionBytes = 0;
            else
                options.SnapshotThresholdBytes = 2L * 1024 * Megabyte;
        });
        var leader = await cluster.LeaderAsync();
        var behind = cluster.Nodes.First(n => n != leader);
        await behind.KillAsync();
        const int ValueBytes = 20_000;
        await FillAsync(leader, megabytes * Megabyte / ValueBytes, ValueBytes);
        if (needsSnapshot)
            await leader.TakeSnapshotAsync();
        network.Limit(behind.NodeId, megabytesPerSecond);
        var (before, ideal) = (network.BytesSentTo(behind.NodeId), megabytes / megabytesPerSecond);
        await behind.StartAsync();
        var clock = Stopwatch.StartNew();
        var last = (await leader.StatusAsync()).LastIndex;
        await cluster.WaitAsync("catching up", async () => (await behind.StatusAsync()).AppliedIndex >= last, seconds: (ideal * 10) + 60);
        var sent = network.BytesSentTo(behind.NodeId) - before;
        return (clock.Elapsed.TotalSeconds, ideal, sent / (double)(megabytes * (long)Megabyte));
    }

    private static Task<TestCluster> FormAsync(SlowNetwork network, Action<RaftKvOptions> configure) => TestCluster.FormAsync(3, options =>
    {
        network.Configure(options);
        configure(options);
    }, nodeId => NodeProgram.TestNode with { Launcher = network.LauncherOf(nodeId) });
}
