using System.Globalization;
using RaftKv.Embedded;
using RaftKv.Integration.Support;
using RaftKv.TestNode.Driver;
using Xunit;

namespace RaftKv.Integration;

/// <summary>
/// The leader is killed during transactions, while keys expire, and while its process holds a lock: nothing is left half done.
/// </summary>
public sealed class LifetimeTests : IntegrationTest
{
    private const int Accounts = 5;

    private static readonly TimeSpan TimeToLive = TimeSpan.FromSeconds(2);

    [Fact]
    public async Task A_leader_killed_amid_transactions_lifetimes_and_a_held_lock_leaves_nothing_half_done()
    {
        var cluster = await FormAsync(3, SmallLog);
        var (moved, unknown, stop) = (0L, 0L, false);
        var movers = cluster.Nodes.SelectMany(n => Enumerable.Range(0, 4).Select(i => MoveAsync(n, i))).ToList();
        for (var round = 0; round < Rounds(1); round++)
        {
            var leader = await cluster.LeaderAsync();
            var other = cluster.Nodes.First(n => n != leader);
            for (var i = 0; i < 20; i++)
                await other.SetForAsync($"round{round}/{i}", "v", TimeToLive);
            var first = await leader.LockAsync("resource", TimeSpan.FromSeconds(3));
            var next = other.LockAsync("resource", TimeSpan.FromSeconds(3));
            var before = Interlocked.Read(ref moved);
            await cluster.WaitAsync("transactions", () => Task.FromResult(Interlocked.Read(ref moved) > before + 200));
            Assert.False(next.IsCompleted || await leader.HasLostLockAsync("resource"));

            await leader.KillAsync();

            Assert.True(await next > first, "The token of the next holder is not greater.");
            Assert.False(await other.HasLostLockAsync("resource"));
            await leader.StartAsync();
            await leader.WaitUntilReadyAsync();
            await cluster.WaitAsync("end of the keys", async () => (await other.ScanAsync(KvKeyRange.StartingWith($"round{round}/"), new KvScanOptions { KeysOnly = true })).Length == 0);
            await other.UnlockAsync("resource");
        }

        stop = true;
        await Task.WhenAll(movers);
        await cluster.SameContentAsync();
        Output.WriteLine($"{moved} transactions acknowledged, {unknown} unknown");
        foreach (var node in cluster.Nodes)
        {
            var sum = 0L;
            for (var i = 0; i < Accounts; i++)
                sum += long.Parse(await node.GetTextAsync($"account{i}") ?? "0", CultureInfo.InvariantCulture);
            Assert.Equal(0, sum);
            Assert.InRange(long.Parse((await node.GetTextAsync("ledger"))!, CultureInfo.InvariantCulture), moved, moved + unknown);
            Assert.Empty(await node.ScanAsync(KvKeyRange.StartingWith("round")));
        }

        async Task MoveAsync(ClusterNode node, int seed)
        {
            var random = new Random(seed);
            while (!Volatile.Read(ref stop))
            {
                var from = random.Next(Accounts);
                var to = (from + 1 + random.Next(Accounts - 1)) % Accounts;
                var (outcome, _) = await Calls.TryAsync(() => node.MoveAsync($"account{from}", $"account{to}", random.Next(1, 100)));
                if (outcome == WriteOutcome.Acknowledged)
                    Interlocked.Increment(ref moved);
                else if (outcome == WriteOutcome.Unknown)
                    Interlocked.Increment(ref unknown);
                else
                    await Task.Delay(20);
            }
        }
    }
}
