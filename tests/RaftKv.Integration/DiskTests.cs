using RaftKv.Embedded;
using RaftKv.Integration.Support;
using Xunit;

namespace RaftKv.Integration;

/// <summary>A start with a data directory that cannot be used fails and names the directory.</summary>
public sealed class DiskTests : IntegrationTest
{
    private const int DiskMegabytes = 24;

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
