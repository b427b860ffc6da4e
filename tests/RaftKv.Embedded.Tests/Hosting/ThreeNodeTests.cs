using System.Text;
using Xunit;

namespace RaftKv.Embedded.Tests.Hosting;

/// <summary>Three nodes in one process, with real disks and sockets and without shared static state.</summary>
public sealed class ThreeNodeTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly int[] _ports = FreePorts.Take(3);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_configured_cluster_forms_and_every_node_takes_writes_and_reads()
    {
        await using var cluster = await TestNodes.StartAsync(number => StartAsync(number), Cancel);
        var nodes = cluster.All;

        for (var i = 0; i < 90; i++)
            await nodes[i % 3].Kv.SetAsync($"k{i}", Encoding.UTF8.GetBytes($"v{i}"), cancellationToken: Cancel);

        for (var i = 0; i < 90; i++)
        {
            var read = await nodes[(i + 1) % 3].Kv.GetAsync($"k{i}", cancellationToken: Cancel);
            Assert.Equal($"v{i}", Encoding.UTF8.GetString(read.Value.Span));
        }
        Assert.Single(nodes.Select(n => n.Cluster.Status.ClusterId).Distinct());
    }

    [Fact]
    public async Task A_stopped_leader_hands_over_and_nobody_loses_anything()
    {
        await using var cluster = await TestNodes.StartAsync(number => StartAsync(number), Cancel);
        var nodes = cluster.All;
        await nodes[0].Kv.SetAsync("before", "1"u8.ToArray(), cancellationToken: Cancel);
        var leader = nodes.Single(n => n.Cluster.Status.Role == RaftKvRole.Leader);
        var others = nodes.Where(n => n != leader).ToArray();

        await leader.StopAsync();
        await others[0].Kv.SetAsync("after", "2"u8.ToArray(), cancellationToken: Cancel);

        Assert.True((await others[1].Kv.GetAsync("before", cancellationToken: Cancel)).Found);
        Assert.True((await others[1].Kv.GetAsync("after", cancellationToken: Cancel)).Found);
    }

    [Fact]
    public async Task A_write_that_only_this_node_would_allow_is_refused_by_the_leader_and_harms_nobody()
    {
        await using var one = await StartAsync(1);
        await using var two = await StartAsync(2);
        await using var three = await StartAsync(3, o => o.MaxValueBytes = 4 * 1024 * 1024);
        TestNode[] nodes = [one, two, three];
        foreach (var node in nodes)
            await node.Cluster.WaitUntilReadyAsync(Cancel);
        if (three.Cluster.Status.Role == RaftKvRole.Leader)
            await three.Cluster.TransferLeadershipAsync("node1", Cancel);
        var large = new byte[2 * 1024 * 1024];

        var set = await Assert.ThrowsAsync<RaftKvLimitExceededException>(async () => await three.Kv.SetAsync("large", large, cancellationToken: Cancel));
        Assert.Equal(KvOutcome.NotApplied, set.Outcome);
        await Assert.ThrowsAsync<RaftKvLimitExceededException>(async () => await three.Kv.SetManyAsync(new Dictionary<string, ReadOnlyMemory<byte>> { ["small"] = "1"u8.ToArray(), ["large"] = large }, Cancel));

        await three.Kv.SetAsync("after", "works"u8.ToArray(), cancellationToken: Cancel);
        foreach (var node in nodes)
        {
            Assert.True((await node.Kv.GetAsync("after", cancellationToken: Cancel)).Found);
            Assert.False((await node.Kv.GetAsync("large", cancellationToken: Cancel)).Found);
            Assert.NotEqual(RaftKvRole.Faulted, node.Cluster.Status.Role);
        }
    }

    private Task<TestNode> StartAsync(int number, Action<RaftKvOptions>? more = null) => TestNode.StartAsync(o =>
    {
        o.BeOneOf(number, _ports, _folder);
        more?.Invoke(o);
    });
}
