using Xunit;

namespace RaftKv.Embedded.Tests.Hosting;

/// <summary>
/// A node that was removed from its cluster refuses each call at once. The request timeout is minutes, so a call that waits does not end in
/// time.
/// </summary>
public sealed class RemovedNodeTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly TestFolder _folder = new();
    private readonly int[] _ports = FreePorts.Take(3);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Calls_on_a_removed_node_fail_at_once_and_by_name_while_stale_reads_are_served()
    {
        await using var cluster = await TestNodes.StartAsync(StartAsync, Cancel);
        var nodes = cluster.All;
        await nodes[0].Kv.SetAsync("key", "value"u8.ToArray(), cancellationToken: Cancel);
        var removed = nodes.First(n => n.Cluster.Status.Role == RaftKvRole.Follower);
        Assert.True((await removed.Kv.GetAsync("key", cancellationToken: Cancel)).Found);

        await removed.Cluster.RemoveMemberAsync(removed.Cluster.Status.NodeId, Cancel).WaitAsync(Patience, Cancel);
        await foreach (var status in removed.Cluster.WatchStatusAsync(Cancel))
        {
            if (status.Role == RaftKvRole.Removed)
                break;
        }

        await RefusedAsync(async () => await removed.Kv.SetAsync("key", "other"u8.ToArray(), cancellationToken: Cancel));
        await RefusedAsync(async () => await removed.Kv.GetAsync("key", cancellationToken: Cancel));
        await RefusedAsync(async () => await removed.Kv.GetAsync("key", KvReadOptions.LeaderLease, Cancel));
        await RefusedAsync(async () => await removed.Leases.GrantAsync(TimeSpan.FromSeconds(10), Cancel));
        await RefusedAsync(() => removed.Cluster.TransferLeadershipAsync(cancellationToken: Cancel));
        await RefusedAsync(() => removed.Cluster.WaitUntilReadyAsync(Cancel));
        Assert.True((await removed.Kv.GetAsync("key", KvReadOptions.Stale, Cancel)).Found);
        Assert.Equal(RaftKvReadiness.Removed, removed.Cluster.Status.Readiness);
    }

    private static async Task RefusedAsync(Func<Task> call)
    {
        var refused = await Assert.ThrowsAsync<RaftKvUnavailableException>(() => call().WaitAsync(Patience, Cancel));
        Assert.Equal((RaftKvUnavailableReason.Removed, false, KvOutcome.NotApplied), (refused.Reason, refused.IsTransient, refused.Outcome));
    }

    private Task<TestNode> StartAsync(int number) => TestNode.StartAsync(o =>
    {
        o.BeOneOf(number, _ports, _folder);
        o.RequestTimeout = TimeSpan.FromMinutes(5);
    });
}
