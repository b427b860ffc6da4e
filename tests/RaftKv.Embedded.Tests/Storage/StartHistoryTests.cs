using RaftKv.Embedded.Storage;
using RaftKv.Embedded.Tests.Formats;
using Xunit;

namespace RaftKv.Embedded.Tests.Storage;

/// <summary>The file that counts the starts of a data directory and has the ids of the newest ones.</summary>
public sealed class StartHistoryTests
{
    private const string Root = "/data";

    private readonly MemoryFileSystem _disk = new();

    public StartHistoryTests() => _disk.CreateDirectory(Root);

    [Fact]
    public void Each_start_is_counted_and_the_newest_ids_are_kept()
    {
        Assert.Null(StartHistory.Load(_disk, Root));
        for (var i = 1; i <= StartHistory.KeptIds + 3; i++)
            Assert.Equal(i, StartHistory.Begin(_disk, Root, i).Count);

        _disk.CrashLosingAll();
        var history = StartHistory.Load(_disk, Root)!;
        Assert.Equal(StartHistory.KeptIds + 3, history.Count);
        Assert.Equal(Enumerable.Range(4, StartHistory.KeptIds).Select(i => (long)i).Reverse(), history.Ids);
    }

    [Fact]
    public void The_format_is_pinned()
    {
        StartHistory.Begin(_disk, Root, 7);
        StartHistory.Begin(_disk, Root, -9);

        GoldenFile.Holds("starts-v1.bin", _disk.Read(Path.Combine(Root, StartHistory.FileName)));
        _disk.Replace(Path.Combine(Root, StartHistory.FileName), GoldenFile.Read("starts-v1.bin"));
        Assert.Equal((2L, -9L), (StartHistory.Load(_disk, Root)!.Count, StartHistory.Load(_disk, Root)!.Ids[0]));
    }

    [Fact]
    public void Damage_is_named()
    {
        StartHistory.Begin(_disk, Root, 7);
        var file = _disk.File(Path.Combine(Root, StartHistory.FileName));
        for (var i = 0; i < file.Length; i++)
        {
            file.Corrupt(i, 0x10);
            var error = Assert.Throws<RaftKvStorageException>(() => StartHistory.Begin(_disk, Root, 8));
            Assert.Contains(StartHistory.FileName, error.Message, StringComparison.Ordinal);
            file.Corrupt(i, 0x10);
        }
    }
}
