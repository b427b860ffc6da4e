using RaftKv.Embedded.Log;
using Xunit;

namespace RaftKv.Embedded.Tests.Hosting;

/// <summary>
/// Limits belong to the cluster: they rise when all members allow more, and every node applies committed entries, whatever its own options
/// allow.
/// </summary>
public sealed class LimitsTests : IDisposable
{
    private const int Small = 256 * 1024;
    private const int Large = 4 * 1024 * 1024;

    private readonly TestFolder _folder = new();
    private readonly int[] _ports = FreePorts.Take(3);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Limits_that_are_raised_one_node_at_a_time_count_once_every_member_allows_them_and_no_node_faults_on_the_way()
    {
        var nodes = new TestNode?[3];
        try
        {
            for (var i = 0; i < 3; i++)
                nodes[i] = await StartAsync(i + 1, Small);
            foreach (var node in nodes)
                await node!.Cluster.WaitUntilReadyAsync(Cancel);
            for (var i = 0; i < 3; i++)
            {
                await nodes[i]!.StopAsync();
                nodes[i] = await StartAsync(i + 1, Large);
                await nodes[i]!.Cluster.WaitUntilReadyAsync(Cancel);
                if (i == 2)
                    continue;
                // The upgraded node leads, but not all members allow the value.
                await MakeLeaderAsync(nodes[i]!);
                var refused = await Assert.ThrowsAsync<RaftKvLimitExceededException>(() => nodes[i]!.Kv.SetAsync("large", new byte[Large - 1], cancellationToken: Cancel).AsTask());
                Assert.Equal((nameof(RaftKvOptions.MaxValueBytes), (long)Small), (refused.Limit, refused.Maximum));
                Assert.All(nodes, node => Assert.Null(node!.Cluster.Status.Fault));
            }
            await UntilAllowedAsync(nodes[0]!, "large");
            foreach (var node in nodes)
                Assert.Equal(Large - 1, (await node!.Kv.GetAsync("large", cancellationToken: Cancel)).Value.Length);

            // Lower options on one node do not lower the limit, and it applies what the others write.
            await nodes[2]!.StopAsync();
            nodes[2] = await StartAsync(3, Small);
            await nodes[2]!.Cluster.WaitUntilReadyAsync(Cancel);
            await nodes[2]!.Kv.SetAsync("more", new byte[Large - 2], cancellationToken: Cancel);
            await nodes[0]!.Kv.SetAsync("large", new byte[Large], cancellationToken: Cancel);
            Assert.Equal(Large, (await nodes[2]!.Kv.GetAsync("large", cancellationToken: Cancel)).Value.Length);
            Assert.All(nodes, node => Assert.Null(node!.Cluster.Status.Fault));
        }
        finally
        {
            foreach (var node in nodes)
            {
                if (node is not null)
                    await node.DisposeAsync();
            }
        }
    }

    [Fact]
    public async Task A_cluster_begins_with_the_smallest_limits_of_its_initial_members()
    {
        await using var one = await StartAsync(1, Large);
        await using var two = await StartAsync(2, Small);
        await using var three = await StartAsync(3, Large);
        await one.Cluster.WaitUntilReadyAsync(Cancel);

        await one.Kv.SetAsync("fits", new byte[Small], cancellationToken: Cancel);
        await Assert.ThrowsAsync<RaftKvLimitExceededException>(() => one.Kv.SetAsync("large", new byte[Small + 1], cancellationToken: Cancel).AsTask());
        Assert.All((TestNode[])[one, two, three], node =>
            Assert.Equal(new RaftKvLimits { MaxKeyBytes = 4096, MaxValueBytes = Small, MaxTransactionBytes = Large }, node.Cluster.Status.Limits));
    }

    [Fact]
    public async Task A_record_that_a_leader_of_an_older_version_let_pass_is_applied_and_restored_by_nodes_with_smaller_options()
    {
        // A leader of an older version decides by its own options.
        await using var one = await StartAsync(1, Large, FeatureLevels.Transactions);
        await using var two = await StartAsync(2, Small, FeatureLevels.Transactions);
        var three = await StartAsync(3, Small, FeatureLevels.Transactions);
        try
        {
            foreach (var node in (TestNode[])[one, two, three])
                await node.Cluster.WaitUntilReadyAsync(Cancel);
            await MakeLeaderAsync(one);
            await one.Kv.SetAsync("before", "1"u8.ToArray(), cancellationToken: Cancel);
            await one.Kv.SetAsync("large", new byte[Large], cancellationToken: Cancel);
            await one.Kv.SetAsync("after", "2"u8.ToArray(), cancellationToken: Cancel);
            Assert.Equal(Large, (await two.Kv.GetAsync("large", cancellationToken: Cancel)).Value.Length);
            Assert.Equal("1"u8.ToArray(), (await two.Kv.GetAsync("before", cancellationToken: Cancel)).Value.ToArray());

            Assert.Equal(Large, (await three.Kv.GetAsync("large", cancellationToken: Cancel)).Value.Length);
            await three.Cluster.TakeSnapshotAsync(Cancel);
            await three.StopAsync();
            three = await StartAsync(3, Small);
            await three.Cluster.WaitUntilReadyAsync(Cancel);
            Assert.Equal(Large, (await three.Kv.GetAsync("large", cancellationToken: Cancel)).Value.Length);
        }
        finally
        {
            await three.DisposeAsync();
        }
    }

    private static async Task MakeLeaderAsync(TestNode node)
    {
        var clock = System.Diagnostics.Stopwatch.StartNew();
        while (node.Cluster.Status.LeaderId != node.Cluster.Status.NodeId)
        {
            Assert.True(clock.Elapsed.TotalSeconds < 120, "The leadership was not handed over.");
            try
            {
                await node.Cluster.TransferLeadershipAsync(node.Cluster.Status.NodeId, Cancel);
            }
            catch (RaftKvException)
            {
                await Task.Delay(50, Cancel);
            }
        }
        await node.Cluster.WaitUntilReadyAsync(Cancel);
    }

    private static async Task UntilAllowedAsync(TestNode node, string key)
    {
        var clock = System.Diagnostics.Stopwatch.StartNew();
        while (true)
        {
            try
            {
                await node.Kv.SetAsync(key, new byte[Large - 1], cancellationToken: Cancel);
                return;
            }
            catch (RaftKvLimitExceededException) when (clock.Elapsed.TotalSeconds < 120)
            {
                await Task.Delay(20, Cancel);
            }
        }
    }

    private Task<TestNode> StartAsync(int number, int maxValueBytes, int level = FeatureLevels.Current) => TestNode.StartAsync(o =>
    {
        o.BeOneOf(number, _ports, _folder);
        (o.MaxValueBytes, o.FeatureLevel) = (maxValueBytes, level);
    });
}
