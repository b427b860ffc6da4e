using RaftKv.Embedded.Storage;
using Xunit;

namespace RaftKv.Embedded.Tests.Storage;

/// <summary>Opening a data directory makes the names durable that an earlier process left in the page cache.</summary>
public sealed class DataDirectoryTests
{
    [Theory]
    [InlineData("")]
    [InlineData("wal")]
    [InlineData("snapshots")]
    public void What_a_process_left_in_the_page_cache_alone_is_durable_before_the_next_one_builds_on_it(string part)
    {
        var disk = new MemoryFileSystem();
        using (DataDirectory.Open(disk, "data"))
            NodeIdentity.Create(disk, "data", "node1", Guid.NewGuid());
        var directory = Path.Combine("data", part);
        var name = Path.Combine(directory, "name");
        using (var file = disk.Open(name + ".tmp", FileOpenMode.Create))
        {
            file.Write(0, "bytes"u8);
            file.Sync();
        }
        disk.Rename(name + ".tmp", name);
        disk.FailAt(DeviceOperation.SyncDirectory, 1);
        Assert.Throws<RaftKvStorageException>(() => disk.SyncDirectory(directory));
        disk.KillProcess();

        using (DataDirectory.Open(disk, "data"))
            Assert.True(disk.FileExists(name));
        disk.CrashLosingAll();

        Assert.Equal("bytes"u8, disk.Read(name));
    }

    [Fact]
    public void A_disk_that_does_not_take_them_is_not_started_from()
    {
        var disk = new MemoryFileSystem();
        disk.FailAt(DeviceOperation.SyncDirectory, 1);

        Assert.Throws<RaftKvStorageException>(() => DataDirectory.Open(disk, "data"));

        using var again = DataDirectory.Open(disk, "data");
    }
}
