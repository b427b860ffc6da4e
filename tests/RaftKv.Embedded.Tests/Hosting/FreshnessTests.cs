using Xunit;

namespace RaftKv.Embedded.Tests.Hosting;

/// <summary>The age of a stale read is the time since the copy was known to be current, and a read may set a limit to it.</summary>
public sealed class FreshnessTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly int[] _ports = FreePorts.Take(3);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_read_with_a_limit_is_brought_up_to_date_first_and_refused_by_name_without_a_quorum()
    {
        await using var cluster = await TestNodes.StartAsync(StartAsync, Cancel);
        var nodes = cluster.All;
        var follower = nodes.First(n => n.Cluster.Status.Role != RaftKvRole.Leader);
        var others = nodes.Where(n => n != follower).ToArray();
        for (var i = 0; i < 20; i++)
        {
            var written = await others[0].Kv.SetAsync("key", BitConverter.GetBytes(i), cancellationToken: Cancel);
            var read = await follower.Kv.GetAsync("key", KvReadOptions.NotOlderThan(TimeSpan.Zero), Cancel);
            Assert.Equal(written.Version, read.Version);
            Assert.NotEqual(Timeout.InfiniteTimeSpan, read.Age);
        }
        Assert.Equal(TimeSpan.Zero, (await follower.Kv.GetAsync("key", cancellationToken: Cancel)).Age);

        foreach (var other in others)
            await other.StopAsync();
        var old = await follower.Kv.GetAsync("key", KvReadOptions.Stale, Cancel);
        var clock = System.Diagnostics.Stopwatch.StartNew();
        await Task.Delay(60, Cancel);
        var waited = clock.Elapsed;
        var older = await follower.Kv.GetAsync("key", KvReadOptions.Stale, Cancel);
        Assert.True(old.Found && older.Age >= old.Age + waited, $"{older.Age} after {old.Age} and {waited}");
        var refused = await Assert.ThrowsAsync<RaftKvUnavailableException>(async () => await follower.Kv.GetAsync("key", KvReadOptions.NotOlderThan(TimeSpan.FromMilliseconds(50)), Cancel));
        Assert.Equal((RaftKvUnavailableReason.StaleRead, true, KvOutcome.NotApplied), (refused.Reason, refused.IsTransient, refused.Outcome));
        Assert.True((await follower.Kv.GetAsync("key", KvReadOptions.NotOlderThan(TimeSpan.FromHours(1)), Cancel)).Found);
    }

    [Fact]
    public async Task A_node_that_nobody_else_votes_with_is_always_current()
    {
        await using var solo = await TestNode.StartAsync(o => o.DataDirectory = _folder.Sub("solo"));
        Assert.Equal((false, TimeSpan.Zero), ((await solo.Kv.GetAsync("key", KvReadOptions.Stale, Cancel)).Found, (await solo.Kv.GetAsync("key", KvReadOptions.Stale, Cancel)).Age));
        await solo.Kv.SetAsync("key", "value"u8.ToArray(), cancellationToken: Cancel);
        await solo.Cluster.WaitUntilReadyAsync(Cancel);

        var read = await solo.Kv.GetAsync("key", KvReadOptions.NotOlderThan(TimeSpan.Zero), Cancel);

        Assert.True(read.Found);
    }

    private Task<TestNode> StartAsync(int number) => TestNode.StartAsync(o =>
    {
        o.BeOneOf(number, _ports, _folder);
        o.RequestTimeout = TimeSpan.FromSeconds(3);
    });
}
