using Microsoft.Extensions.DependencyInjection;
using RaftKv.Embedded.Primitives;
using Xunit;

namespace RaftKv.Embedded.Tests.Hosting;

/// <summary>A node that once started with a wall clock that was years ahead still expires keys at the right time.</summary>
public sealed class WrongClockTests : IDisposable
{
    private static readonly TimeSpan Years = TimeSpan.FromDays(3650);

    private readonly TestFolder _folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task What_is_given_an_end_in_the_true_future_afterwards_lives_until_then_and_shows_it()
    {
        await using (var ahead = await StartAsync(Years))
        {
            await ahead.Kv.SetAsync("first", new byte[1], cancellationToken: Cancel);
            var there = DateTimeOffset.UtcNow + Years;
            await ahead.Kv.SetAsync("there", new byte[1], new() { ExpiresAt = there.AddHours(1) }, Cancel);
            Assert.InRange((await ahead.Kv.GetAsync("there", cancellationToken: Cancel)).ExpiresAt!.Value, there, there.AddHours(2));
        }
        await using var node = await StartAsync(TimeSpan.Zero);
        var end = DateTimeOffset.UtcNow.AddHours(1);
        var set = await node.Kv.SetAsync("set", new byte[1], new() { ExpiresAt = end }, Cancel);
        var transaction = new KvTransaction();
        transaction.Then.Set("transaction", new byte[1], new() { ExpiresAt = end }).Get("set");
        var committed = await node.Kv.CommitAsync(transaction, Cancel);
        // A key that ends soon still ends. Keys with an earlier end would have ended before it.
        await node.Kv.SetAsync("near", new byte[1], new() { ExpiresAt = DateTimeOffset.UtcNow.AddMilliseconds(100) }, Cancel);
        await GoneAsync(node, "near", set.Version);

        foreach (var key in (string[])["set", "transaction"])
            AssertNear(end, (await node.Kv.GetAsync(key, cancellationToken: Cancel)).ExpiresAt);
        AssertNear(end, committed.Results[1].Read.ExpiresAt);
        await foreach (var entry in node.Kv.ScanAsync(KvKeyRange.Exactly("set"), cancellationToken: Cancel))
            AssertNear(end, entry.ExpiresAt);
        Assert.InRange(node.Cluster.Status.LogTimeAhead!.Value, Years - TimeSpan.FromHours(1), Years + TimeSpan.FromHours(1));
    }

    private static void AssertNear(DateTimeOffset expected, DateTimeOffset? actual) =>
        Assert.InRange(actual!.Value, expected.AddSeconds(-1), expected.AddMinutes(1));

    private static async Task GoneAsync(TestNode node, string key, KvVersion from)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        await foreach (var change in node.Kv.WatchAsync(KvKeyRange.Exactly(key), new() { FromVersion = from }, limit.Token))
        {
            if (change.Kind == KvEventKind.Expired)
                return;
        }
    }

    private Task<TestNode> StartAsync(TimeSpan ahead) => TestNode.StartAsync(
        o => o.DataDirectory = _folder.Path,
        replica => replica.Services.AddSingleton(new ReplicaClock(new AheadTime(ahead))));

    private sealed class AheadTime(TimeSpan ahead) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + ahead;
    }
}
