using RaftKv.Embedded;
using RaftKv.Integration.Support;
using Xunit;

namespace RaftKv.Integration;

/// <summary>
/// Operations on real processes: a rolling restart under load fails no call, and a node on a nearly full disk refuses new data and recovers
/// by itself.
/// </summary>
public sealed class OperationsTests : IntegrationTest
{
    [Fact]
    public async Task A_rolling_restart_under_load_fails_no_call_of_any_node()
    {
        var cluster = await FormAsync();
        var load = new RollingLoad(cluster);
        foreach (var node in cluster.Nodes.OrderBy(n => n == cluster["node1"]).ToArray())
        {
            load.Phase = $"{node.NodeId} stops";
            await node.StopAsync(drains: true);
            load.Phase = $"{node.NodeId} starts";
            await node.StartAsync();
            await node.WaitUntilReadyAsync();
            load.Phase = $"{node.NodeId} is back";
            await load.RunForAsync(writes: 200);
        }
        // A call that failed throws here.
        await load.EndAsync();

        Output.WriteLine($"{load.Calls:N0} calls of three nodes that were restarted one by one; none failed; longest gap between two acknowledged writes by phase: {load.Gaps()}");
        Assert.True(load.Calls > 1_000);
        await cluster.SameContentAsync();
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
}
