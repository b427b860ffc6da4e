using RaftKv.Embedded;
using RaftKv.Integration.Support;
using RaftKv.TestNode.Driver;
using RaftKv.TestNode.Protocol;
using Xunit;

namespace RaftKv.Integration;

/// <summary>Disks that are full or cannot be written: the replica stops, the host lives, and nothing acknowledged is lost.</summary>
public sealed class DiskTests : IntegrationTest
{
    private const int DiskMegabytes = 24;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_node_whose_disk_is_full_stops_taking_part_and_the_others_go_on(bool leaderIsFull)
    {
        using var disk = MountedDirectory.Mount(DiskMegabytes);
        var cluster = await FormAsync(configure: o =>
        {
            o.LogSegmentBytes = 1024 * 1024;
            if (o.NodeId == "node3")
                o.DataDirectory = Path.Combine(disk.Path, "data");
        });
        var full = cluster["node3"];
        await (await cluster.LeaderAsync()).TransferLeadershipAsync(leaderIsFull ? "node3" : "node1");
        await cluster.LeaderAsync();

        var writes = new AckedWrites(4, "w", cluster["node1"], cluster["node2"]);
        var load = cluster["node1"].LoadAsync(new LoadRequest { Count = 10_000, Keys = 100, ValueBytes = 8_000 });
        await cluster.WaitAsync("the fault", async () => (await full.StatusAsync()).Role == RaftKvRole.Faulted, 120);
        await load;
        await writes.WaitForMoreAsync(cluster, 50);
        await writes.StopAsync();

        var write = await FailsAsync(() => full.SetAsync("key", "value"));
        Assert.Equal((nameof(RaftKvUnavailableException), nameof(RaftKvUnavailableReason.Faulted)), (write.Type, write.Reason));
        Assert.Contains("full", (await full.StatusAsync()).Fault, StringComparison.OrdinalIgnoreCase);
        await writes.AssertAllOnAsync(cluster["node1"]);
        await writes.AssertAllOnAsync(cluster["node2"]);
    }

    [Fact]
    public async Task A_directory_that_cannot_be_written_is_named_at_the_start()
    {
        using var disk = MountedDirectory.Mount(DiskMegabytes);
        disk.MakeReadOnly();
        var cluster = NoNodes();
        var node = cluster.AddNode(more: o => o.DataDirectory = Path.Combine(disk.Path, "data"));

        var error = await StartFailsAsync(node);

        Assert.Equal((nameof(RaftKvStorageException), nameof(RaftKvStorageError.NotWritable)), (error.Type, error.Reason));
        Assert.Contains(node.Options.DataDirectory, error.Message);
    }

    [Fact]
    public async Task A_directory_whose_path_is_a_file_is_named_at_the_start()
    {
        var cluster = NoNodes();
        var node = cluster.AddNode();
        await File.WriteAllTextAsync(node.Options.DataDirectory, "a file", TestContext.Current.CancellationToken);

        var error = await StartFailsAsync(node);

        Assert.Equal((nameof(RaftKvStorageException), nameof(RaftKvStorageError.NotWritable)), (error.Type, error.Reason));
        Assert.Contains(node.Options.DataDirectory, error.Message);
    }
}
