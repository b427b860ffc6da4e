using System.Text;
using RaftKv.Embedded;
using RaftKv.Integration.Support;
using RaftKv.TestNode.Driver;
using Xunit;

namespace RaftKv.Integration;

/// <summary>
/// Volumes that are filled completely, several times: writes that add data are refused with the reason <c>NoSpace</c>, deletes and reads go
/// on, room becomes free again by itself, no node faults, and no acknowledged write is lost. Small volumes by default; with
/// <c>RAFTKV_LONG=1</c> 200 MB, 400 MB and 1 GB, ten times each.
/// </summary>
public sealed class FullDiskTests : IntegrationTest
{
    private const int ValueBytes = 128 * 1024;

    [Fact]
    public Task A_volume_is_filled_to_the_brim_and_emptied_again_and_again() => FillAsync([64], rounds: 2);

    [Fact]
    public Task Volumes_of_different_sizes_are_filled_until_a_quorum_has_no_room() => FillAsync([300, 80, 64], rounds: 1);

    [Theory]
    [InlineData(200, 1)]
    [InlineData(400, 1)]
    [InlineData(1000, 1)]
    [InlineData(200, 3)]
    [InlineData(400, 3)]
    [InlineData(1000, 3)]
    public Task Volumes_are_filled_ten_times(int megabytes, int nodes)
    {
        Assert.SkipUnless(IsLong, "Ten rounds take minutes: RAFTKV_LONG=1 runs this test.");
        return FillAsync([.. Enumerable.Repeat(megabytes, nodes)], rounds: 10);
    }

    [Fact]
    public async Task A_node_on_a_volume_that_is_too_small_for_the_others_data_waits_and_catches_up_when_it_is_deleted()
    {
        Assert.SkipUnless(IsLong, "The room comes back only after minutes: RAFTKV_LONG=1 runs this test.");
        using var small = MountedDirectory.Mount(24);
        var cluster = await FormAsync(configure: o =>
        {
            o.LogSegmentBytes = 1024 * 1024;
            o.SnapshotThresholdBytes = 4 * 1024 * 1024;
            o.LogRetentionBytes = 0;
            if (o.NodeId == "node3")
                o.DataDirectory = Path.Combine(small.Path, "data");
        });
        var (first, node3) = (cluster["node1"], cluster["node3"]);
        var keys = Enumerable.Range(0, 320).Select(i => $"large-{i}").ToArray();
        foreach (var key in keys)
            await RetryAsync(() => first.SetAsync(key, Value(key)));
        await cluster.WaitAsync("the small volume is short of room", async () => (await node3.StatusAsync()).IsDiskFull, 120);
        Assert.NotEqual(RaftKvRole.Faulted, (await node3.StatusAsync()).Role);

        foreach (var key in keys)
            await RetryAsync(() => first.DeleteAsync(key));
        await first.TakeSnapshotAsync();
        await cluster["node2"].TakeSnapshotAsync();
        var last = (await RetryAsync(() => first.SetAsync("last", "1"))).Version;
        await cluster.WaitAsync("the small node has caught up", async () => (await node3.StatusAsync()).AppliedIndex >= last.Value, 240);
        Assert.NotEqual(RaftKvRole.Faulted, (await node3.StatusAsync()).Role);
        await cluster.SameContentAsync();
    }

    [Fact]
    public async Task Out_of_inodes_is_treated_as_out_of_room()
    {
        using var disk = MountedDirectory.Mount(64, "nr_inodes=64");
        var cluster = await FormAsync(1, o => o.DataDirectory = Path.Combine(disk.Path, "data"));
        var node = cluster.Nodes[0];
        await node.SetAsync("key", "1");
        var fillers = new List<string>();
        try
        {
            for (var i = 0; ; i++)
            {
                var filler = Path.Combine(disk.Path, $"filler{i}");
                await File.WriteAllTextAsync(filler, "", TestContext.Current.CancellationToken);
                fillers.Add(filler);
            }
        }
        catch (IOException)
        {
            // No inode is left.
        }
        await cluster.WaitAsync("no room", async () => (await node.StatusAsync()).IsDiskFull, 60);
        Assert.Equal(nameof(RaftKvUnavailableReason.NoSpace), (await FailsAsync(() => node.SetAsync("key", "2"))).Reason);
        Assert.True((await node.DeleteAsync("key")).Applied);

        fillers.ForEach(File.Delete);
        await cluster.WaitAsync("room again", async () => !(await node.StatusAsync()).IsDiskFull, 60);
        Assert.True((await node.SetAsync("key", "3")).Applied);
        Assert.Null((await node.StatusAsync()).Fault);
    }

    private async Task FillAsync(int[] megabytes, int rounds)
    {
        var disks = new List<MountedDirectory>();
        try
        {
            foreach (var size in megabytes)
                disks.Add(MountedDirectory.Mount(size));
            var cluster = await FormAsync(disks.Count, o => o.DataDirectory = Path.Combine(disks[o.NodeId[^1] - '1'].Path, "data"));
            var first = 0;
            for (var round = 1; round <= rounds; round++)
                first = Math.Max(first, await FillOnceAsync(cluster, round, first / 2, isLast: round == rounds));
        }
        finally
        {
            disks.ForEach(d => d.Dispose());
        }
    }

    /// <summary>
    /// Fills the volumes and empties them again. Returns how many values fitted: at least <paramref name="least"/>, because all room
    /// becomes free again by itself, if not at once.
    /// </summary>
    private static async Task<int> FillOnceAsync(TestCluster cluster, int round, int least, bool isLast)
    {
        var clock = System.Diagnostics.Stopwatch.StartNew();
        var node = cluster.Nodes[round % cluster.Nodes.Count];
        var written = await WriteUntilFullAsync(node, round, least);
        var filled = clock.Elapsed;
        Assert.NotEmpty(written);
        foreach (var one in cluster.Nodes)
            Assert.Null((await one.StatusAsync()).Fault);
        if (isLast)
            await Task.WhenAll(cluster.Nodes.Select(n => n.RestartAsync()));
        // Reads go on, and nothing is lost.
        foreach (var key in written)
            Assert.Equal(Value(key), (await RetryAsync(() => node.GetAsync(key))).Value.ToArray());
        foreach (var key in written)
            await RetryAsync(() => node.DeleteAsync(key));
        await cluster.WaitAsync("room again", () => TakesDataAsync(node), 240);
        foreach (var one in cluster.Nodes)
            Assert.Null((await one.StatusAsync()).Fault);
        Output.WriteLine($"round {round}: {written.Count * ValueBytes / 1024 / 1024} MiB in {filled.TotalSeconds:0} s, room again after {clock.Elapsed.TotalSeconds:0} s");
        return written.Count;
    }

    private static async Task<List<string>> WriteUntilFullAsync(ClusterNode node, int round, int least)
    {
        var written = new List<string>();
        var clock = System.Diagnostics.Stopwatch.StartNew();
        for (var i = 0; ; i++)
        {
            var key = $"r{round}-{i}";
            try
            {
                await RetryAsync(() => node.SetAsync(key, Value(key)));
                written.Add(key);
            }
            catch (NodeCallException e) when (e.Error.Reason == nameof(RaftKvUnavailableReason.NoSpace))
            {
                if (written.Count >= least)
                    return written;
                Assert.True(clock.Elapsed.TotalSeconds < 240, $"Only {written.Count} of {least} values fit in round {round}.");
                await Task.Delay(500);
                i--;
            }
        }
    }

    private static async Task<bool> TakesDataAsync(ClusterNode node)
    {
        try
        {
            await node.SetAsync("probe", "1");
            return true;
        }
        catch (NodeCallException)
        {
            return false;
        }
    }

    /// <summary>Repeats the call until it is acknowledged or refused for want of room: the leader may change.</summary>
    private static async Task<T> RetryAsync<T>(Func<Task<T>> call)
    {
        var clock = System.Diagnostics.Stopwatch.StartNew();
        while (true)
        {
            try
            {
                return await call();
            }
            catch (NodeCallException e) when (e.Error.Reason != nameof(RaftKvUnavailableReason.NoSpace) && clock.Elapsed.TotalSeconds < 120)
            {
                await Task.Delay(100);
            }
        }
    }

    /// <summary>Bytes that do not compress, made from the key.</summary>
    private static byte[] Value(string key)
    {
        var value = new byte[ValueBytes];
        new Random(Encoding.UTF8.GetBytes(key).Aggregate(17, (hash, b) => hash * 31 + b)).NextBytes(value);
        return value;
    }
}
