using System.Diagnostics;
using RaftKv.Integration.Support;
using RaftKv.TestNode.Driver;
using Xunit;

namespace RaftKv.Integration;

/// <summary>
/// kill -9 of one, two and all nodes at any time: no acknowledged write is lost, none is applied twice, and no read is stale.
/// </summary>
public sealed class CrashTests : IntegrationTest
{
    [Fact]
    public async Task Random_kills_under_writes_lose_nothing_and_apply_nothing_twice()
    {
        var cluster = await FormAsync();
        var workload = new ChaosWorkload(cluster);
        var random = new Random(20261123);
        var resumed = new List<double>();
        var clock = Stopwatch.StartNew();
        while (clock.Elapsed.TotalSeconds < (IsLong ? 120 : 8))
        {
            await workload.WaitForMoreAsync(50);
            var victim = cluster.Nodes[random.Next(cluster.Nodes.Count)];
            await victim.KillAsync();
            resumed.Add(await FirstWriteAsync(cluster));
            await victim.StartAsync();
            await victim.WaitUntilReadyAsync();
        }

        await workload.StopAsync();
        resumed.Sort();
        Output.WriteLine($"{resumed.Count} kills, {workload.Describe()}; first write after a kill: median {resumed[resumed.Count / 2]:0} ms, longest {resumed[^1]:0} ms");
        await workload.VerifyAsync();
        await cluster.SameContentAsync();
        Assert.True(resumed[^1] < 10_000, $"Writes resumed only {resumed[^1]:0} ms after a kill.");
    }

    [Fact]
    public async Task All_three_killed_at_once_under_64_writers_have_every_acknowledged_write_after_their_restart()
    {
        var cluster = await FormAsync();
        for (var round = 0; round < Rounds(2); round++)
        {
            var writes = new AckedWrites(64, $"round{round}", [.. cluster.Nodes]);
            await writes.WaitForMoreAsync(cluster, 2_000);
            await Task.WhenAll(cluster.Nodes.Select(n => n.KillAsync()));
            await writes.StopAsync();
            await Task.WhenAll(cluster.Nodes.Select(n => n.StartAsync()));

            await Task.WhenAll(cluster.Nodes.Select(n => n.WaitUntilReadyAsync()));
            foreach (var node in cluster.Nodes)
                await writes.AssertAllOnAsync(node);
            await cluster.SameContentAsync();
        }
    }

    [Fact]
    public async Task Both_followers_killed_and_restarted_catch_up_and_nothing_acknowledged_is_lost()
    {
        var cluster = await FormAsync();
        for (var round = 0; round < Rounds(2); round++)
        {
            var leader = await cluster.LeaderAsync();
            var followers = cluster.Nodes.Where(n => n != leader).ToArray();
            var writes = new AckedWrites(8, $"round{round}", leader);
            await writes.WaitForMoreAsync(cluster, 200);

            await Task.WhenAll(followers.Select(n => n.KillAsync()));
            await Task.WhenAll(followers.Select(n => n.StartAsync()));

            await writes.WaitForMoreAsync(cluster, 200);
            await writes.StopAsync();
            foreach (var node in cluster.Nodes)
                await writes.AssertAllOnAsync(node);
            await cluster.SameContentAsync();
        }
    }

    [Fact]
    public async Task Linearizable_reads_on_followers_are_never_stale_while_the_leader_is_killed()
    {
        var cluster = await FormAsync();
        for (var round = 0; round < Rounds(2); round++)
        {
            var leader = await cluster.LeaderAsync();
            var followers = cluster.Nodes.Where(n => n != leader).ToArray();
            using var watch = new FreshnessWatch($"fresh{round}", followers, readersPerNode: 4);
            await watch.WaitForReadsAsync(cluster, 200);

            await leader.KillAsync();
            await watch.WaitForReadsAsync(cluster, 200);
            await leader.StartAsync();
            await leader.WaitUntilReadyAsync();
            await watch.StopAsync();
        }
    }

    /// <summary>Milliseconds until the first of the remaining nodes has a new write acknowledged.</summary>
    private static async Task<double> FirstWriteAsync(TestCluster cluster)
    {
        var clock = Stopwatch.StartNew();
        await cluster.WaitAsync("write after the kill", async () =>
        {
            var attempts = cluster.Running.Select(n => n.SetAsync("probe", "alive")).ToList();
            while (attempts.Count > 0)
            {
                var first = await Task.WhenAny(attempts);
                if (first.IsCompletedSuccessfully)
                    return true;
                attempts.Remove(first);
            }

            return false;
        });
        return clock.Elapsed.TotalMilliseconds;
    }
}
