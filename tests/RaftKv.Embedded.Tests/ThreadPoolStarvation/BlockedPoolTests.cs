using RaftKv.Embedded.Tests.Hosting;
using Xunit;

namespace RaftKv.Embedded.Tests.ThreadPoolStarvation;

/// <summary>
/// An application whose code blocks the threads of the thread pool. No other test runs meanwhile, because all share the pool.
/// </summary>
[CollectionDefinition(nameof(BlockedPoolTests), DisableParallelization = true)]
[Collection(nameof(BlockedPoolTests))]
public sealed class BlockedPoolTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Held_leases_live()
    {
        using var folder = new TestFolder();
        await using var node = await TestNode.StartAsync(o => o.DataDirectory = folder.Path);
        await using var lease = await node.Leases.GrantAsync(TimeSpan.FromSeconds(4), Cancel);
        await node.Kv.SetAsync("k", "v"u8.ToArray(), new() { LeaseId = lease.Id }, Cancel);

        bool isLost;
        using (new BlockedPool())
        {
            Thread.Sleep(5_000);
            isLost = lease.IsLost;
        }

        Assert.False(isLost);
        Assert.True((await node.Kv.GetAsync("k", cancellationToken: Cancel)).Found);
    }
}
