using System.Diagnostics;
using RaftKv.Embedded;
using RaftKv.Integration.Support;
using RaftKv.TestNode.Driver;
using Xunit;

namespace RaftKv.Integration;

/// <summary>
/// Leaders without a quorum, and deposed leaders that still believe to lead: calls end in time, reads are not stale, and no lost write is
/// acknowledged.
/// </summary>
public sealed class QuorumTests : IntegrationTest
{
    [Fact]
    public async Task Without_a_quorum_calls_fail_in_time_and_say_what_happened_to_the_write()
    {
        var cluster = await FormAsync(configure: o => o.RequestTimeout = TimeSpan.FromSeconds(1));
        var leader = await cluster.LeaderAsync();
        var followers = cluster.Nodes.Where(n => n != leader).ToArray();
        await SetAsync("before", "stays");
        await Task.WhenAll(followers.Select(n => n.KillAsync()));

        var clock = Stopwatch.StartNew();
        var first = await FailsAsync(() => leader.SetAsync("without", "quorum"));
        await cluster.WaitAsync("the leader stepping down", async () => (await leader.StatusAsync()).Role != RaftKvRole.Leader);
        var second = await FailsAsync(() => leader.SetAsync("without", "quorum"));
        var read = await FailsAsync(() => leader.GetAsync("before"));

        Assert.InRange(clock.Elapsed.TotalSeconds, 0, 20);
        Assert.Contains(first.Type, (string[])[nameof(RaftKvUnavailableException), nameof(RaftKvOutcomeUnknownException)]);
        Assert.Equal(nameof(RaftKvUnavailableException), second.Type);
        Assert.Equal(KvOutcome.NotApplied, second.Outcome);
        Assert.Contains(second.Reason, (string[])[nameof(RaftKvUnavailableReason.NoLeader), nameof(RaftKvUnavailableReason.NoQuorum)]);
        Assert.Equal(nameof(RaftKvUnavailableException), read.Type);
        Assert.Equal("stays", await leader.GetTextAsync("before", KvConsistency.Stale));

        await Task.WhenAll(followers.Select(n => n.StartAsync()));
        await Task.WhenAll(cluster.Nodes.Select(n => n.WaitUntilReadyAsync()));
        if (first.Outcome == KvOutcome.NotApplied)
            Assert.False((await leader.GetAsync("without")).Found);
        await SetAsync("after", "works");

        // Tries again on a busy machine, because a call may take only one second here.
        Task SetAsync(string key, string value) => cluster.WaitAsync($"write of {key}", async () =>
        {
            await leader.SetAsync(key, value);
            return true;
        });
    }

    [Fact]
    public async Task Cancelling_stops_the_wait_although_no_quorum_answers()
    {
        var cluster = await FormAsync(configure: o => o.RequestTimeout = TimeSpan.FromMinutes(5));
        var leader = await cluster.LeaderAsync();
        await Task.WhenAll(cluster.Nodes.Where(n => n != leader).Select(n => n.KillAsync()));

        var write = await FailsAsync(() => leader.SetAsync("key", "value", cancelAfterMs: 200));
        var read = await FailsAsync(() => leader.GetAsync("key", cancelAfterMs: 200));

        Assert.Contains(write.Type, (string[])[nameof(OperationCanceledException), nameof(TaskCanceledException)]);
        Assert.Contains(read.Type, (string[])[nameof(OperationCanceledException), nameof(TaskCanceledException)]);
    }

    [Fact]
    public async Task A_leader_that_stood_still_past_its_deposition_neither_serves_old_values_nor_acknowledges_lost_writes()
    {
        var cluster = await FormAsync();
        for (var round = 0; round < (IsLong ? 20 : 2); round++)
        {
            var old = await cluster.LeaderAsync();
            await old.SetAsync("key", $"old{round}");
            old.Pause();
            try
            {
                await DeposedLeaderAsync(cluster, old, round);
            }
            finally
            {
                old.Continue();
            }

            await old.WaitUntilReadyAsync();
        }

        await cluster.SameContentAsync();
    }

    [Fact]
    public async Task Leader_lease_reads_are_never_stale_when_the_leader_stands_still()
    {
        var cluster = await FormAsync();
        for (var round = 0; round < (IsLong ? 20 : 2); round++)
        {
            var leader = await cluster.LeaderAsync();
            using var watch = new FreshnessWatch($"lease{round}", [.. cluster.Nodes], readersPerNode: 2, KvConsistency.LeaderLease);
            await watch.WaitForReadsAsync(cluster, 100);
            leader.Pause();
            try
            {
                await WaitForAnotherLeaderAsync(cluster, leader);
                await cluster.Nodes.First(n => n != leader).SetAsync("moved", "on");
            }
            finally
            {
                leader.Continue();
            }

            await watch.WaitForReadsAsync(cluster, 100);
            await watch.StopAsync();
        }
    }

    [Fact]
    public async Task A_new_leader_that_is_asked_at_once_to_remove_the_only_voter_that_answers_does_not_lose_its_quorum()
    {
        var cluster = await FormAsync();
        var (refused, reasons) = (0, new SortedSet<string>());
        var rounds = Rounds(2);
        for (var round = 0; round < rounds; round++)
        {
            var dead = await cluster.LeaderAsync();
            await dead.KillAsync();
            var leader = await NewLeaderAsync(cluster, dead);
            var other = cluster.Running.Single(n => n != leader);
            var (outcome, reason) = await RemoveAsync(leader, other.NodeId);
            // The two that are alive go on, whatever the answer was.
            await cluster.WaitAsync("a write by two of three", async () => (await Calls.TryAsync(() => leader.SetAsync("round", Number(round)))).Outcome == WriteOutcome.Acknowledged, 60);
            Assert.Equal(3, (await leader.StatusAsync()).Members.Count);
            Assert.Equal(KvOutcome.NotApplied, outcome);
            refused++;
            reasons.Add(reason);
            await dead.StartAsync();
            await Task.WhenAll(cluster.Nodes.Select(n => n.WaitUntilReadyAsync()));
        }

        Output.WriteLine($"{refused} of {rounds} removals were refused ({string.Join(", ", reasons)}), and two of three went on.");
    }

    /// <summary>Waits until a node reports that it leads, and returns it.</summary>
    private static async Task<ClusterNode> NewLeaderAsync(TestCluster cluster, ClusterNode dead)
    {
        ClusterNode? leader = null;
        await cluster.WaitAsync("a new leader", async () =>
        {
            foreach (var node in cluster.Nodes.Where(n => n != dead))
            {
                if ((await node.StatusAsync()).Role == RaftKvRole.Leader)
                    leader = node;
            }

            return leader is not null;
        });
        return leader!;
    }

    private static async Task<(KvOutcome? Outcome, string Reason)> RemoveAsync(ClusterNode leader, string nodeId)
    {
        var error = await FailsAsync(() => leader.RemoveMemberAsync(nodeId));
        return (error.Outcome, error.Reason ?? error.Type);
    }

    private static async Task DeposedLeaderAsync(TestCluster cluster, ClusterNode old, int round)
    {
        await WaitForAnotherLeaderAsync(cluster, old);
        var other = cluster.Nodes.First(n => n != old);
        await other.SetAsync("key", $"new{round}");

        // These calls wait in the pipe of the stopped process, and are the first that it handles when it continues.
        var reads = Enumerable.Range(0, 8).Select(i => Calls.TryAsync(() => old.GetTextAsync("key", i % 2 == 0 ? KvConsistency.Linearizable : KvConsistency.LeaderLease))).ToArray();
        var writes = Enumerable.Range(0, 8).Select(i => Calls.TryAsync(() => old.SetAsync($"late/{round}/{i}", "late"))).ToArray();
        old.Continue();

        foreach (var (outcome, value) in await Task.WhenAll(reads))
        {
            if (outcome == WriteOutcome.Acknowledged)
                Assert.Equal($"new{round}", value);
        }

        for (var i = 0; i < writes.Length; i++)
        {
            // The write may have been forwarded to the new leader. But a write that is acknowledged must be stored.
            var (outcome, _) = await writes[i];
            if (outcome == WriteOutcome.Acknowledged)
                Assert.Equal("late", await other.GetTextAsync($"late/{round}/{i}"));
        }
    }

    private static Task WaitForAnotherLeaderAsync(TestCluster cluster, ClusterNode old)
        => cluster.WaitAsync("another leader", async () =>
        {
            foreach (var node in cluster.Nodes.Where(n => n != old))
            {
                if (await node.StatusAsync() is { Role: RaftKvRole.Leader, IsReady: true })
                    return true;
            }

            return false;
        });
}
