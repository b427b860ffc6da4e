using System.Diagnostics;
using RaftKv.Embedded;
using RaftKv.Integration.Support;
using RaftKv.TestNode.Driver;
using Xunit;

namespace RaftKv.Integration;

/// <summary>What an operator does and looks at, on real processes.</summary>
public sealed class OperationsTests : IntegrationTest
{
    [Fact]
    public async Task A_rolling_restart_under_load_fails_no_call()
    {
        var cluster = await FormAsync();
        using var stop = new CancellationTokenSource();
        var gate = new Lock();
        var (calls, longestMs, lastAt) = (0L, 0.0, Stopwatch.GetTimestamp());
        var closed = new HashSet<ClusterNode>();
        var underWay = cluster.Nodes.ToDictionary(n => n, _ => 0);
        var writers = cluster.Nodes.SelectMany(node => Enumerable.Range(0, 4).Select(i => WriteAsync(node, i))).ToArray();

        foreach (var node in cluster.Nodes.OrderBy(n => n == cluster["node1"]).ToArray())
        {
            // As behind a load balancer: no new calls to a node that is about to stop, and those under way come to their end. The others go on, through the leader's stop too.
            lock (gate)
                closed.Add(node);
            await cluster.WaitAsync("the last call", () =>
            {
                lock (gate)
                    return Task.FromResult(underWay[node] == 0);
            });
            await node.StopAsync();
            await node.StartAsync();
            await node.WaitUntilReadyAsync();
            lock (gate)
                closed.Remove(node);
        }
        await stop.CancelAsync();
        // A call that failed throws here.
        await Task.WhenAll(writers);

        Output.WriteLine($"{calls:N0} writes through three nodes that were restarted one by one; none failed; longest gap between two acknowledged writes {longestMs:N0} ms");
        Assert.True(calls > 100);
        await cluster.SameContentAsync();

        async Task WriteAsync(ClusterNode node, int writer)
        {
            for (var i = 0; !stop.IsCancellationRequested; i++)
            {
                bool isClosed;
                lock (gate)
                {
                    isClosed = closed.Contains(node);
                    underWay[node] += isClosed ? 0 : 1;
                }
                if (isClosed)
                {
                    await Task.Delay(5);
                    continue;
                }
                await node.SetAsync($"{node.NodeId}-{writer}-{i % 100}", Number(i));
                lock (gate)
                {
                    underWay[node]--;
                    calls++;
                    longestMs = Math.Max(longestMs, Stopwatch.GetElapsedTime(lastAt).TotalMilliseconds);
                    lastAt = Stopwatch.GetTimestamp();
                }
            }
        }
    }

    [Fact]
    public async Task A_leader_on_a_nearly_full_disk_refuses_what_adds_data_takes_deletes_and_goes_on_by_itself_when_there_is_room()
    {
        using var disk = MountedDirectory.Mount(40);
        var cluster = await FormAsync(1, o =>
        {
            o.DataDirectory = Path.Combine(disk.Path, "data");
            o.LogSegmentBytes = 1024 * 1024;
        });
        var node = cluster.Nodes[0];
        await node.SetAsync("kept", "1");
        await node.SetAsync("deleted", "1");
        await cluster.WaitAsync("the disk's size", async () => (await node.StatusAsync()).FreeDiskBytes > 0);
        var filler = Path.Combine(disk.Path, "filler");
        var free = (await node.StatusAsync()).FreeDiskBytes!.Value;
        await File.WriteAllBytesAsync(filler, new byte[free - 3 * 1024 * 1024], TestContext.Current.CancellationToken);
        await cluster.WaitAsync("the second watermark", async () => (await node.StatusAsync()).IsDiskFull);

        var error = await FailsAsync(() => node.SetAsync("new", "1"));
        Assert.Equal((nameof(RaftKvUnavailableReason.NoSpace), KvOutcome.NotApplied), (error.Reason, error.Outcome));
        Assert.True((await node.DeleteAsync("deleted")).Applied);
        Assert.Equal("1", await node.GetTextAsync("kept"));

        File.Delete(filler);
        await cluster.WaitAsync("room", async () => !(await node.StatusAsync()).IsDiskFull);
        Assert.True((await node.SetAsync("new", "1")).Applied);
        Assert.NotEqual(RaftKvRole.Faulted, (await node.StatusAsync()).Role);
    }

    [Fact]
    public async Task Stalls_are_named_and_an_election_says_what_came_before_it()
    {
        var cluster = await FormAsync();
        var leader = await cluster.LeaderAsync();
        var follower = await cluster.FollowerAsync();

        await follower.BlockThreadPoolAsync(3);
        await cluster.WaitAsync("the pool's stall", () => HasStallAsync(follower, RaftKvStallCause.ThreadPool));
        leader.Pause();
        await cluster.WaitAsync("another leader", async () => (await follower.StatusAsync()).LeaderId is { } now && now != leader.NodeId);
        await cluster.WaitAsync("the silence's stall", () => HasStallAsync(follower, RaftKvStallCause.Network));
        leader.Continue();
        await cluster.WaitAsync("the pause's stall", () => HasStallAsync(leader, RaftKvStallCause.Process));

        var elections = (await follower.StatusAsync()).Elections;
        Output.WriteLine(string.Join(Environment.NewLine, elections.Select(e => $"term {e.Term}: {e.LeaderId ?? "nobody"}: {e.Cause}")));
        Assert.Contains(elections, e => e.Cause.Contains($"ms on {follower.NodeId} → ", StringComparison.Ordinal));
    }

    private static async Task<bool> HasStallAsync(ClusterNode node, RaftKvStallCause cause) => (await node.StatusAsync()).Stalls.Any(s => s.Cause == cause);
}
