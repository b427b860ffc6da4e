using Xunit;

namespace RaftKv.Embedded.Tests.Hosting;

/// <summary>A member that lost its disk and was added again has a new identity. A node that lags knows it under the old identity.</summary>
public sealed class NewIdentityTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly int[] _ports = FreePorts.Take(4);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_node_that_lags_hears_a_leader_it_knows_under_an_older_identity()
    {
        var (anew, two, three) = await ReplaceTheFirstAsync();
        await using var first = anew;
        await using var second = two;
        await using var third = three;
        // The node with the new identity becomes the leader.
        await two.Cluster.TransferLeadershipAsync("node1", Cancel);
        await using var late = await StartAsync(4);
        await anew.Kv.SetAsync("after", "2"u8.ToArray(), cancellationToken: Cancel);

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        await late.Cluster.WaitUntilReadyAsync(limit.Token);
        Assert.True((await late.Kv.GetAsync("after", cancellationToken: limit.Token)).Found);
        Assert.Equal("node1", late.Cluster.Status.LeaderId);
    }

    [Fact]
    public async Task A_node_that_lags_votes_for_a_candidate_it_knows_under_an_older_identity()
    {
        var (anew, two, three) = await ReplaceTheFirstAsync();
        await using var first = anew;
        await two.Kv.SetAsync("opens", "a session"u8.ToArray(), cancellationToken: Cancel);

        // Only node2 and the new disk of node1 have the last entry. Without node2 three of four voters are left, and node3 and node4 cannot
        // lead.
        await three.StopAsync();
        var last = two.Cluster.Status.LastIndex;
        var write = two.Kv.SetAsync("after", "2"u8.ToArray(), cancellationToken: Cancel).AsTask();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        while (anew.Cluster.Status.LastIndex <= last)
            await Task.Delay(1, limit.Token);
        await two.StopAsync();
        await Assert.ThrowsAnyAsync<RaftKvException>(() => write);
        await using var behind = await StartAsync(3);
        await using var late = await StartAsync(4);

        await late.Cluster.WaitUntilReadyAsync(limit.Token);
        Assert.True((await late.Kv.GetAsync("after", cancellationToken: limit.Token)).Found);
        Assert.Equal("node1", late.Cluster.Status.LeaderId);
    }

    /// <summary>While node4 is down, node1 is removed and added again under its name with an empty disk.</summary>
    private async Task<(TestNode Anew, TestNode Two, TestNode Three)> ReplaceTheFirstAsync()
    {
        await using var one = await StartAsync(1, "old");
        await one.Kv.SetAsync("before", "1"u8.ToArray(), cancellationToken: Cancel);
        var two = await StartAsync(2);
        var three = await StartAsync(3);
        await using var four = await StartAsync(4);
        foreach (var node in (TestNode[])[two, three, four])
            await one.Cluster.AddMemberAsync(node.Cluster.Status.NodeId, node.Cluster.Status.Address, Cancel);
        await four.Cluster.WaitUntilReadyAsync(Cancel);
        await four.StopAsync();
        await one.Cluster.TransferLeadershipAsync("node2", Cancel);
        await two.Cluster.RemoveMemberAsync("node1", Cancel);
        await one.StopAsync();
        var anew = await StartAsync(1, "new");
        await two.Cluster.AddMemberAsync("node1", anew.Cluster.Status.Address, Cancel);
        return (anew, two, three);
    }

    private Task<TestNode> StartAsync(int number, string directory = "") => TestNode.StartAsync(o =>
    {
        o.NodeId = $"node{number}";
        o.DataDirectory = _folder.Sub(o.NodeId + directory);
        o.ListenAddress = $"127.0.0.1:{_ports[number - 1]}";
        // Longer than the default, so that pauses of a busy machine cause no elections.
        o.ElectionTimeout = TimeSpan.FromSeconds(1);
    });
}
