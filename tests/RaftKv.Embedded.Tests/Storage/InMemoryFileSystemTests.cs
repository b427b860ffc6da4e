using RaftKv.Embedded.Storage;
using Xunit;

namespace RaftKv.Embedded.Tests.Storage;

/// <summary>The capacity of files in memory: what is refused, and when room is free again.</summary>
public sealed class InMemoryFileSystemTests
{
    private const int Page = 16 * 1024;

    private readonly InMemoryFileSystem _files = new(4 * Page);

    [Fact]
    public void What_does_not_fit_is_refused_as_on_a_full_disk_and_changes_nothing()
    {
        using var file = _files.Open("dir/a", FileOpenMode.CreateNew);
        file.Write(0, new byte[3 * Page]);

        var refusal = Assert.Throws<RaftKvStorageException>(() => file.Write(2 * Page, Ones(3 * Page)));

        Assert.Equal(RaftKvStorageError.DiskFull, refusal.Error);
        Assert.Equal((3 * Page, Page), (file.Length, _files.AvailableBytes("dir")));
        file.Write(3 * Page, Ones(Page));
        Assert.Equal(0, _files.AvailableBytes("dir"));
    }

    [Fact]
    public void Room_that_was_filled_with_zeros_is_there_for_later_writes()
    {
        using var log = _files.Open("dir/log", FileOpenMode.CreateNew);
        log.Write(0, new byte[3 * Page]);
        using var other = _files.Open("dir/other", FileOpenMode.CreateNew);
        other.Write(0, Ones(1));
        Assert.Equal(0, _files.AvailableBytes("dir"));

        log.Write(0, Ones(3 * Page));

        var read = new byte[3 * Page];
        Assert.Equal(read.Length, log.Read(0, read));
        Assert.DoesNotContain((byte)0, read);
    }

    [Fact]
    public void A_file_gives_its_room_back_when_it_has_neither_a_name_nor_an_open_handle()
    {
        var writer = _files.Open("dir/a", FileOpenMode.CreateNew);
        writer.Write(0, Ones(2 * Page));
        var reader = _files.Open("dir/a", FileOpenMode.Read);
        writer.Dispose();
        _files.Delete("dir/a");

        Assert.Equal(2 * Page, _files.UsedBytes);
        var read = new byte[1];
        Assert.Equal(1, reader.Read(Page, read));
        Assert.Equal(1, read[0]);

        reader.Dispose();
        reader.Dispose();
        Assert.Equal(0, _files.UsedBytes);
        Assert.Throws<ObjectDisposedException>(() => reader.Read(0, read));
    }

    [Fact]
    public void A_file_that_is_replaced_gives_its_room_back()
    {
        foreach (var name in (string[])["dir/a", "dir/b", "dir/b"])
        {
            using var file = _files.Open(name, FileOpenMode.Create);
            file.Write(0, Ones(Page));
        }
        _files.Rename("dir/a", "dir/b");

        Assert.Equal(Page, _files.UsedBytes);
    }

    [Fact]
    public void Only_an_empty_directory_is_deleted()
    {
        _files.CreateDirectory("dir/sub");
        _files.DeleteDirectoryIfEmpty("dir");
        Assert.Equal(["sub"], _files.ListDirectories("dir"));

        _files.DeleteDirectoryIfEmpty("dir/sub");
        Assert.Empty(_files.ListDirectories("dir"));
    }

    private static byte[] Ones(int length)
    {
        var bytes = new byte[length];
        bytes.AsSpan().Fill(1);
        return bytes;
    }
}
