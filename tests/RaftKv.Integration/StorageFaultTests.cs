using RaftKv.Embedded;
using RaftKv.Integration.Support;
using RaftKv.TestNode.Driver;
using RaftKv.TestNode.Protocol;
using Xunit;

namespace RaftKv.Integration;

/// <summary>
/// The system calls that a node makes before a write is acknowledged, and what happens when the kernel refuses or delays them. strace
/// injects faults that no file system of a test machine produces; docs/durability.md shows the same runs call by call.
/// </summary>
public sealed class StorageFaultTests : IntegrationTest
{
    private const string Write = "pwrite64";
    private const string Sync = "fdatasync";

    [Fact]
    public async Task A_batch_costs_every_node_one_write_and_one_sync()
    {
        Strace.Require();
        var cluster = await FormAsync(configure: Steady);
        var leader = await cluster.LeaderAsync();
        await leader.SetAsync("session", "opened");
        await cluster.SameContentAsync();

        const int Alone = 20;
        await using (var calls = await Strace.CountAsync(leader, Write, Sync))
        {
            for (var i = 0; i < Alone; i++)
                await leader.SetAsync("alone", Number(i));
            var counts = await calls.StopAsync();
            Assert.Equal((Alone, Alone), (counts[Write], counts[Sync]));
        }

        const int Together = 1_000;
        var traces = new List<Strace>();
        foreach (var node in cluster.Nodes)
            traces.Add(await Strace.CountAsync(node, Write, Sync));
        await FillAsync(leader, Together);
        await cluster.SameContentAsync();
        foreach (var trace in traces)
        {
            var counts = await trace.StopAsync();
            await trace.DisposeAsync();
            Assert.Equal(counts[Write], counts[Sync]);
            Assert.InRange(counts[Sync], 1, Together / 2);
        }
    }

    [Fact]
    public async Task A_write_whose_sync_takes_long_is_one_entry()
    {
        Strace.Require();
        var cluster = NoNodes(o => o.RequestTimeout = TimeSpan.FromMinutes(1));
        var node = cluster.AddNode();
        await node.StartAsync();
        await node.SetAsync("session", "opened");
        var before = (await node.StatusAsync()).LastIndex;
        await using (await Strace.SlowAsync(node, Sync, TimeSpan.FromSeconds(1.5)))
            await Task.WhenAll(Enumerable.Range(0, 4).Select(i => node.SetAsync("key", Number(i))));
        Assert.Equal(4, (await node.StatusAsync()).LastIndex - before);
    }

    [Fact]
    public async Task A_leader_whose_disk_hangs_refuses_writes_before_they_fill_its_memory()
    {
        Strace.Require();
        const int ValueBytes = 1024 * 1024 - 100;
        const int Callers = 8;
        var cluster = await FormAsync(configure: o =>
        {
            Steady(o);
            o.RequestTimeout = TimeSpan.FromSeconds(1);
        });
        var leader = await cluster.LeaderAsync();
        foreach (var node in cluster.Nodes)
            await node.SetAsync($"session/{node.NodeId}", "opened");
        var before = leader.MemoryBytes();
        LoadReport load;
        await using (await Strace.SlowAsync(leader, Sync, TimeSpan.FromMinutes(5)))
            load = await leader.LoadAsync(new LoadRequest { Count = 100, Keys = 100, Callers = Callers, ValueBytes = ValueBytes });
        Output.WriteLine($"{load.Operations} MiB were committed by the two other disks; the leader took {(leader.MemoryBytes() - before) / 1024 / 1024} MiB more memory.");

        // The limit of 64 MiB, and the calls that were in progress.
        Assert.InRange(load.Operations * ValueBytes, 1, (64 + 2 * Callers) * 1024 * 1024);
        Assert.Equal(100, load.Operations + load.Errors);
        await leader.RestartAsync();
        await leader.WaitUntilReadyAsync();
        await cluster.SameContentAsync();
    }

    /// <summary>Whether the leader's disk fails, in which call, and how.</summary>
    public static TheoryData<bool, string, string> Faults
    {
        get
        {
            var faults = new TheoryData<bool, string, string> { { true, Sync, "EIO" }, { true, Write, "ENOSPC" }, { false, Sync, "EIO" }, { false, Write, "EIO" } };
            if (IsLong)
            {
                faults.Add(true, Write, "EIO");
                faults.Add(false, Sync, "ENOSPC");
            }
            return faults;
        }
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task A_node_whose_disk_fails_stops_taking_part_and_comes_back_after_a_restart(bool failLeader, string call, string error)
    {
        Strace.Require();
        var cluster = await FormAsync(configure: o => o.ElectionTimeout = TimeSpan.FromMilliseconds(500));
        var leader = await cluster.LeaderAsync();
        var victim = failLeader ? leader : cluster.Nodes.First(n => n != leader);
        var others = cluster.Nodes.Where(n => n != victim).ToArray();
        foreach (var node in cluster.Nodes)
            await node.SetAsync($"before/{node.NodeId}", "stored");

        (WriteOutcome Outcome, KvWriteResult Result) inDoubt;
        await using (await Strace.FailAsync(victim, call, error, once: true))
        {
            // One caller on the node itself, and one on another node, whose write must succeed although the leader that got it fails.
            var here = Calls.TryAsync(() => victim.SetAsync("here", "value"));
            var elsewhere = others[0].SetAsync("elsewhere", "value");
            await cluster.WaitAsync("the fault", async () => (await victim.StatusAsync()).Role == RaftKvRole.Faulted);
            inDoubt = await here;
            Assert.True((await elsewhere).Applied);

            await AssertFaultedAsync(victim, call, error);
            await cluster.WaitAsync("a leader among the others", async () => (await others[0].StatusAsync()).LeaderId is { } id && id != victim.NodeId);
            Assert.True((await others[1].SetAsync("after", "value")).Applied);
        }

        await victim.StopAsync();
        await victim.StartAsync();
        await victim.WaitUntilReadyAsync();
        await cluster.SameContentAsync();
        foreach (var node in cluster.Nodes)
            Assert.Equal("stored", await victim.GetTextAsync($"before/{node.NodeId}", KvConsistency.Stale));
        Assert.Equal("value", await victim.GetTextAsync("elsewhere", KvConsistency.Stale));
        Assert.Equal("value", await victim.GetTextAsync("after", KvConsistency.Stale));
        // The answer that the caller got must be true; an unknown outcome is allowed.
        var found = await victim.GetAsync("here", KvConsistency.Stale);
        if (inDoubt.Outcome == WriteOutcome.Acknowledged)
            Assert.Equal(inDoubt.Result.Version, found.Version);
        else if (inDoubt.Outcome == WriteOutcome.NotApplied)
            Assert.False(found.Found);
        Assert.False(File.Exists(PoisonedMarkerOf(victim)));
        Assert.True((await victim.SetAsync("again", "value")).Applied);
    }

    [Theory]
    [InlineData(Sync, "EIO", true)]
    [InlineData(Sync, "EIO", false)]
    [InlineData(Write, "ENOSPC", true)]
    public async Task Nothing_is_acknowledged_that_the_only_disk_refused(string call, string error, bool once)
    {
        Strace.Require();
        var cluster = NoNodes();
        var node = cluster.AddNode();
        await node.StartAsync();
        await node.SetAsync("key", "before");

        string[] possible;
        await using (await Strace.FailAsync(node, call, error, once))
        {
            var writes = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Calls.TryAsync(() => node.SetAsync("key", Number(i)))));
            Assert.DoesNotContain(writes, w => w.Outcome == WriteOutcome.Acknowledged);
            possible = ["before", .. Enumerable.Range(0, 8).Where(i => writes[i].Outcome == WriteOutcome.Unknown).Select(i => Number(i))];
            Assert.NotEqual(["before"], possible);
            await AssertFaultedAsync(node, call, error);
            Assert.True(File.Exists(PoisonedMarkerOf(node)));
        }

        await node.StopAsync();
        await node.StartAsync();
        await node.WaitUntilReadyAsync();
        var found = await node.GetAsync("key");
        Assert.Contains(Text(found), possible);
        Assert.True((await node.SetAsync("key", "after")).Version > found.Version);
        Assert.False(File.Exists(PoisonedMarkerOf(node)));
        await cluster.WaitAsync("word of it in the log", () => Task.FromResult(node.LogTail().Contains("the disk failed in the last run", StringComparison.Ordinal)));
    }

    /// <summary>The process answers, says what happened to which file, and refuses calls at once and for that reason.</summary>
    private static async Task AssertFaultedAsync(ClusterNode node, string call, string error)
    {
        var status = await node.StatusAsync();
        Assert.Equal((RaftKvRole.Faulted, null), (status.Role, status.LeaderId));
        Assert.Contains(Path.Combine(node.Options.DataDirectory, "wal"), status.Fault);
        Assert.Contains(error == "EIO" ? "Input/output error" : "No space left on device", status.Fault, StringComparison.OrdinalIgnoreCase);
        Assert.Contains(call == Sync ? "fdatasync" : "write", status.Fault);
        Assert.Equal(2, status.Fault!.Split(node.Options.DataDirectory).Length);
        foreach (var refused in new[] { await FailsAsync(() => node.SetAsync("key", "value")), await FailsAsync(() => node.GetAsync("key")) })
        {
            Assert.Equal((nameof(RaftKvUnavailableException), nameof(RaftKvUnavailableReason.Faulted)), (refused.Type, refused.Reason));
            Assert.Contains(status.Fault, refused.Message);
        }
    }

    private static string PoisonedMarkerOf(ClusterNode node) => Path.Combine(node.Options.DataDirectory, "wal", "poisoned");
}
