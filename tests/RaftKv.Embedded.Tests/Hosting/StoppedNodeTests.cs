using Xunit;

namespace RaftKv.Embedded.Tests.Hosting;

/// <summary>Every call gets an answer, also when the replica ended before the call.</summary>
public sealed class StoppedNodeTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly TestFolder _folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Calls_after_the_stop_are_refused_as_stopping()
    {
        var node = await StartAsync();
        var (kv, cluster) = (node.Kv, node.Cluster);
        await kv.SetAsync("k", "v"u8.ToArray(), cancellationToken: Cancel);
        await node.StopAsync();

        await AssertStoppingAsync(() => kv.SetAsync("k", "w"u8.ToArray(), cancellationToken: Cancel).AsTask());
        await AssertStoppingAsync(() => kv.DeleteAsync("k", cancellationToken: Cancel).AsTask());
        await AssertStoppingAsync(() => kv.GetAsync("k", cancellationToken: Cancel).AsTask());
        await AssertStoppingAsync(() => kv.GetAsync("k", new KvReadOptions { Consistency = KvConsistency.LeaderLease }, Cancel).AsTask());
        await AssertStoppingAsync(() => kv.GetAsync("k", new KvReadOptions { Consistency = KvConsistency.Stale }, Cancel).AsTask());
        await AssertStoppingAsync(() => Task.FromResult(kv.TryRead("k", 0, static (_, _, _) => 0, out _)));
        await AssertStoppingAsync(async () => await kv.ReadAsync("k", 0, static (_, _, _) => 0));
        await AssertStoppingAsync(async () => await kv.ScanAsync(KvKeyRange.All, cancellationToken: Cancel).GetAsyncEnumerator(Cancel).MoveNextAsync());
        await AssertStoppingAsync(() => cluster.TakeSnapshotAsync(Cancel));
        await AssertStoppingAsync(() => cluster.WaitUntilReadyAsync(Cancel));
    }

    [Fact]
    public async Task Whoever_watches_the_status_sees_the_stop_and_the_end()
    {
        var node = await StartAsync();
        await node.Kv.SetAsync("k", default, cancellationToken: Cancel);
        var last = WatchAsync(node.Cluster);

        await node.StopAsync();

        Assert.Equal(RaftKvRole.Stopped, (await last.WaitAsync(Patience, Cancel)).Role);
    }

    [Fact]
    public async Task A_stop_while_many_write_answers_every_one_of_them()
    {
        var node = await StartAsync();
        var kv = node.Kv;
        await kv.SetAsync("k", default, cancellationToken: Cancel);
        using var enough = new SemaphoreSlim(0);
        var writers = Enumerable.Range(0, 8).Select(w => Task.Run(async () =>
        {
            for (var i = 0; ; i++)
            {
                try
                {
                    await kv.SetAsync($"{w}.{i}", BitConverter.GetBytes(i), cancellationToken: Cancel);
                    enough.Release();
                }
                catch (RaftKvException e)
                {
                    return e;
                }
            }
        }, Cancel)).ToArray();
        for (var i = 0; i < 100; i++)
            Assert.True(await enough.WaitAsync(Patience, Cancel));

        await node.StopAsync();

        foreach (var error in await Task.WhenAll(writers).WaitAsync(Patience, Cancel))
            Assert.True(error is RaftKvUnavailableException { Reason: RaftKvUnavailableReason.Stopping } or RaftKvOutcomeUnknownException, error.ToString());
    }

    private static async Task<RaftKvStatus> WatchAsync(IRaftKvCluster cluster)
    {
        RaftKvStatus? last = null;
        await foreach (var status in cluster.WatchStatusAsync(Cancel))
            last = status;
        return last!;
    }

    private static async Task AssertStoppingAsync(Func<Task> call)
    {
        var error = await Assert.ThrowsAsync<RaftKvUnavailableException>(() => call().WaitAsync(Patience, Cancel));
        Assert.Equal((RaftKvUnavailableReason.Stopping, KvOutcome.NotApplied), (error.Reason, error.Outcome));
    }

    private Task<TestNode> StartAsync() => TestNode.StartAsync(o => o.DataDirectory = _folder.Sub("node1"));
}
