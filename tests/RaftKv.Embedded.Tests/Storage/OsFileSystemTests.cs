using RaftKv.Embedded.Storage;
using Xunit;

namespace RaftKv.Embedded.Tests.Storage;

/// <summary>The file system of the operating system, and its errors.</summary>
public sealed class OsFileSystemTests : IDisposable
{
    private readonly OsFileSystem _fs = new();
    private readonly string _root = Path.Combine(Path.GetTempPath(), "raftkv-tests", Path.GetRandomFileName());

    public void Dispose()
    {
        if (Directory.Exists(_root))
            Directory.Delete(_root, recursive: true);
    }

    [Fact]
    public void The_log_lives_on_a_real_disk()
    {
        var directory = Path.Combine(_root, "a", "b", "wal");
        var options = new WalOptions { SegmentBytes = 64 * 1024 };
        var wal = Wal.Open(_fs, directory, options, out var recovery);
        Assert.True(recovery.IsNew);
        for (var i = 0; i < 100; i++)
        {
            wal.SaveVote(i + 1, $"node{i % 3}");
            wal.Append(WalWorld.Entries(1 + i * 20, 20, term: i + 1));
            wal.Commit();
        }
        wal.TruncatePrefix(1000);
        var first = wal.Base.Index + 1;
        wal.Close();

        using var again = Wal.Open(_fs, directory, options, out recovery);
        Assert.Equal((100, "node0", 2000L), (recovery.Term, recovery.VotedFor, recovery.Last.Index));
        Assert.InRange(first, 2, 1000);
        Assert.Equal(first, recovery.LogBase.Index + 1);
        Assert.Equal(2000 - first + 1, recovery.Tail.Count);
        Assert.All(recovery.Tail, e => Assert.Equal(WalWorld.Entry(e.Index, e.Term).Payload.ToArray(), e.Payload.ToArray()));
    }

    [Fact]
    public void A_full_disk_says_so_and_names_the_file()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "/dev/full is a device of Linux.");
        using var file = _fs.Open("/dev/full", FileOpenMode.ReadWrite);
        var failure = Assert.Throws<RaftKvStorageException>(() => file.Write(0, new byte[10]));
        Assert.Equal(RaftKvStorageError.DiskFull, failure.Error);
        Assert.StartsWith("Cannot write /dev/full: No space left on device. ", failure.Message, StringComparison.Ordinal);
        Assert.Contains("free some space", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_failing_sync_is_an_error()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "/proc is a file system of Linux.");
        using var file = _fs.Open("/proc/self/status", FileOpenMode.Read);
        Assert.Equal(RaftKvStorageError.Io, Assert.Throws<RaftKvStorageException>(file.Sync).Error);
        using var unsynced = new OsFileSystem(sync: false).Open("/proc/self/status", FileOpenMode.Read);
        unsynced.Sync();
    }

    [Fact]
    public void What_cannot_be_written_says_so()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Permissions differ.");
        var failure = Assert.Throws<RaftKvStorageException>(() => _fs.CreateDirectory("/proc/raftkv/data"));
        Assert.Contains("/proc/raftkv", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Files_are_read_written_renamed_listed_and_deleted()
    {
        _fs.CreateDirectory(_root);
        var (a, b) = (Path.Combine(_root, "a"), Path.Combine(_root, "b"));
        using (var file = _fs.Open(b, FileOpenMode.CreateNew))
        {
            file.Write(5, [1, 2, 3]);
            file.Sync();
            Assert.Equal(8, file.Length);
            var buffer = new byte[10];
            Assert.Equal(3, file.Read(5, buffer));
            Assert.Equal([1, 2, 3], buffer[..3]);
        }
        Assert.Throws<RaftKvStorageException>(() => _fs.Open(b, FileOpenMode.CreateNew));
        Assert.Throws<RaftKvStorageException>(() => _fs.Open(a, FileOpenMode.Read));
        _fs.Open(a, FileOpenMode.Create).Dispose();
        Assert.Equal(["a", "b"], _fs.ListFiles(_root));
        _fs.Rename(b, a);
        _fs.SyncDirectory(_root);
        Assert.Equal(["a"], _fs.ListFiles(_root));
        _fs.Delete(a);
        _fs.Delete(a);
        Assert.False(_fs.FileExists(a));
        Assert.Empty(_fs.ListFiles(Path.Combine(_root, "missing")));
        Assert.True(_fs.AvailableBytes(_root) > 0);
    }

    [Fact]
    public void A_second_holder_of_a_data_directory_is_told_who_holds_it()
    {
        var held = DataDirectory.Open(_fs, _root);
        var scratch = ForeignEntries.NewSpoolName();
        File.WriteAllText(Path.Combine(held.Store, scratch), "old");
        var failure = Assert.Throws<RaftKvStorageException>(() => DataDirectory.Open(_fs, _root));
        Assert.Equal(RaftKvStorageError.Locked, failure.Error);
        Assert.Contains(_root, failure.Message, StringComparison.Ordinal);
        Assert.Contains("another replica in this process", failure.Message, StringComparison.Ordinal);
        Assert.Equal([scratch], _fs.ListFiles(held.Store));
        held.Dispose();

        using var again = DataDirectory.Open(_fs, _root);
        Assert.Empty(_fs.ListFiles(again.Store));
    }
}
