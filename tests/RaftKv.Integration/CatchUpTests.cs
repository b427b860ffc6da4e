using System.Diagnostics;
using RaftKv.Integration.Support;
using RaftKv.TestNode.Protocol;
using Xunit;

namespace RaftKv.Integration;

/// <summary>
/// A follower that was down for a long time returns while the others go on writing: it must catch up faster than the log grows.
/// </summary>
public sealed class CatchUpTests : IntegrationTest
{
    private static int Behind => IsLong ? 1_000_000 : 20_000;

    /// <summary>Once by the log alone, once by a snapshot and what follows it.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_follower_far_behind_catches_up_while_writes_go_on(bool bySnapshot)
    {
        var cluster = await FormAsync(configure: o =>
        {
            Steady(o);
            if (bySnapshot)
                (o.SnapshotThresholdBytes, o.LogRetentionBytes) = (Behind * 20L, 1024 * 1024);
        });
        for (var round = 0; round < Rounds(1); round++)
        {
            var before = await LeadershipAsync(cluster);
            var leader = await cluster.LeaderAsync();
            var away = cluster.Nodes.First(n => n != leader);
            var gone = (await away.StatusAsync()).AppliedIndex;
            await away.KillAsync();
            var clock = Stopwatch.StartNew();
            var filled = await leader.LoadAsync(new LoadRequest
            {
                Count = Behind, Callers = 1_000, Keys = 100_000, ValueBytes = 40, WaitsWhenOverloaded = true,
            });
            Assert.Equal(((long)Behind, null), (filled.Operations, filled.FirstError));
            var filling = clock.Elapsed;

            // Four callers on each of the nodes that stayed up, until the third node has caught up.
            var writes = new AckedWrites(8, $"round{round}", [.. cluster.Nodes.Where(n => n != away)]);
            await writes.WaitForMoreAsync(cluster, 50);
            clock.Restart();
            await away.StartAsync();
            await cluster.WaitAsync("catching up", async () => (await away.StatusAsync()).AppliedIndex >= (await leader.StatusAsync()).CommitIndex - 1_000, 180);
            var caughtUp = clock.Elapsed;
            var meanwhile = writes.Count;
            await writes.WaitForMoreAsync(cluster, 50);
            await writes.StopAsync();

            Assert.Empty(writes.Failures);
            await AssertSameLeaderAsync(cluster, before);
            await writes.AssertAllOnAsync(away);
            await cluster.SameContentAsync();
            if (bySnapshot)
                Assert.True((await away.StatusAsync()).SnapshotIndex > gone, "It caught up without a snapshot.");
            Output.WriteLine($"round {round}: {Behind:N0} entries written in {filling.TotalSeconds:0.0} s; caught up {caughtUp.TotalSeconds:0.0} s after the start of its process, while {meanwhile:N0} more were acknowledged");
        }
    }
}
