using RaftKv.Embedded.Log;
using RaftKv.Embedded.Storage;
using RaftKv.Embedded.Tests.Formats;
using Xunit;

namespace RaftKv.Embedded.Tests.Storage;

/// <summary>The mark of the last applied entry is found again at a start, also when the newest mark is torn.</summary>
public sealed class AppliedMarkTests
{
    private const string Root = "/data";

    private static readonly Guid Cluster = new("00112233-4455-6677-8899-aabbccddeeff");

    private readonly MemoryFileSystem _disk = new();

    public AppliedMarkTests() => _disk.CreateDirectory(Root);

    [Fact]
    public void The_newest_mark_is_found_again_and_an_older_one_when_that_is_torn()
    {
        Assert.Equal((Guid.Empty, default(EntryId)), Found());
        Write(new EntryId(1, 10), new EntryId(1, 20), new EntryId(2, 30));
        Assert.Equal((Cluster, new EntryId(2, 30)), Found());

        // The third mark is in the second slot.
        var file = _disk.Read(Path.Combine(Root, AppliedMark.FileName));
        file[4096 + 45] ^= 0x10;
        _disk.Replace(Path.Combine(Root, AppliedMark.FileName), file);

        Assert.Equal((Cluster, new EntryId(1, 20)), Found());
    }

    [Fact]
    public void The_format_is_pinned()
    {
        Write(new EntryId(3, 1000), new EntryId(4, 2000));

        GoldenFile.Holds("applied-v1.bin", _disk.Read(Path.Combine(Root, AppliedMark.FileName)));
        _disk.Replace(Path.Combine(Root, AppliedMark.FileName), GoldenFile.Read("applied-v1.bin"));
        Assert.Equal((Cluster, new EntryId(4, 2000)), Found());
    }

    [Fact]
    public void A_file_that_is_no_mark_is_no_mark_and_no_error()
    {
        _disk.Replace(Path.Combine(Root, AppliedMark.FileName), [1, 2, 3]);

        Assert.Equal((Guid.Empty, default(EntryId)), Found());
        Write(new EntryId(1, 10));
        Assert.Equal((Cluster, new EntryId(1, 10)), Found());
    }

    private void Write(params EntryId[] applied)
    {
        using var mark = AppliedMark.Open(_disk, Root);
        foreach (var entry in applied)
            mark.Write(Cluster, entry);
    }

    private (Guid ClusterId, EntryId Entry) Found()
    {
        using var mark = AppliedMark.Open(_disk, Root);
        return (mark.ClusterId, mark.Found);
    }
}
