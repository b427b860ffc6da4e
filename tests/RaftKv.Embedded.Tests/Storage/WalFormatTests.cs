using System.Text;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Primitives;
using RaftKv.Embedded.Storage;
using RaftKv.Embedded.Tests.Formats;
using Xunit;

namespace RaftKv.Embedded.Tests.Storage;

/// <summary>The format is fixed: a log that any released version wrote opens.</summary>
public sealed class WalFormatTests
{
    private static readonly WalOptions Options = new() { SegmentBytes = 1024, PrepareInBackground = false, NewSalt = static () => 0 };
    private static readonly WalOptions Salted = Options with { NewSalt = static () => 0x0BAD_5A17 };

    [Fact]
    public void The_first_version_writes_these_bytes()
    {
        var world = Write(Options);
        Assert.Equal(Golden(), world.Disk.File(Path.Combine(WalWorld.Directory, WalSegment.NameOf(1))).Bytes.ToArray());
    }

    [Fact]
    public void The_second_version_has_a_salt_and_writes_these_bytes()
    {
        var world = Write(Salted);
        GoldenFile.Holds("wal-v2.bin", world.Disk.File(Path.Combine(WalWorld.Directory, WalSegment.NameOf(1))).Bytes.ToArray());
    }

    [Fact]
    public void The_tail_of_a_run_that_leaves_its_commits_in_the_page_cache_has_these_bytes()
    {
        var world = Write(Salted with { SyncsCommits = false });
        GoldenFile.Holds("wal-tail-v2.bin", world.Disk.Read(Path.Combine(WalWorld.Directory, WalTail.FileName)));
    }

    [Theory]
    [InlineData("wal-v1.bin")]
    [InlineData("wal-v2.bin")]
    public void The_bytes_of_all_versions_open(string golden)
    {
        var disk = new MemoryFileSystem();
        disk.CreateDirectory(WalWorld.Directory);
        WalTail.Create(disk, WalWorld.Directory);
        using (var file = disk.Open(Path.Combine(WalWorld.Directory, WalSegment.NameOf(1)), FileOpenMode.CreateNew))
            file.Write(0, GoldenFile.Read(golden));

        using var wal = Wal.Open(disk, WalWorld.Directory, Options, out var recovery);
        Assert.Equal((2, "node3"), (recovery.Term, recovery.VotedFor));
        Assert.Equal([new EntryId(1, 1), new EntryId(2, 3)], recovery.TermStarts);
        Assert.Equal(["", "eins", "drei"], recovery.Tail.Select(e => Encoding.UTF8.GetString(e.Payload.Span)));
        Assert.Equal([EntryKind.NoOp, EntryKind.Command, EntryKind.Configuration], recovery.Tail.Select(e => e.Kind));
        Assert.Equal(1_700_000_000_002, recovery.LastTimeMs);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("n")]
    [InlineData("node3")]
    public void A_vote_carries_the_longest_promise_also_across_segments(string? votedFor)
    {
        var world = new WalWorld().Open(Options);
        world.Wal.SaveVote(2, votedFor, promiseMs: 1_500);
        world.Wal.Commit();
        for (var index = 1; index <= 30; index++)
        {
            world.Wal.Append([Entry(2, index, EntryKind.Command, new string('x', 100))]);
            world.Wal.Commit();
        }
        world.Wal.Close();
        Assert.Equal((2L, votedFor, 1_500), (world.Open(Options).Recovery.Term, world.Recovery.VotedFor, world.Recovery.PromiseMs));

        world.Wal.SaveVote(3, null);
        world.Wal.Commit();
        world.Wal.Close();
        Assert.Equal((3L, null, 0), (world.Open(Options).Recovery.Term, world.Recovery.VotedFor, world.Recovery.PromiseMs));
    }

    [Theory]
    [InlineData("", 0u)]
    [InlineData("123456789", 0xE3069283u)]
    [InlineData("The quick brown fox jumps over the lazy dog", 0x22620404u)]
    public void The_checksum_is_CRC_32C(string text, uint expected)
    {
        var bytes = Encoding.ASCII.GetBytes(text);
        Assert.Equal(expected, Crc32C.Compute(bytes));
        for (var cut = 0; cut <= bytes.Length; cut++)
            Assert.Equal(expected, Crc32C.Continue(Crc32C.Compute(bytes.AsSpan(0, cut)), bytes.AsSpan(cut)));
    }

    private static WalWorld Write(WalOptions options)
    {
        var world = new WalWorld().Open(options);
        world.Wal.SaveVote(1, null);
        world.Wal.Append([Entry(1, 1, EntryKind.NoOp, ""), Entry(1, 2, EntryKind.Command, "eins"), Entry(1, 3, EntryKind.Command, "zwei")]);
        world.Wal.Commit();
        world.Wal.SaveVote(2, "node3");
        world.Wal.Append([Entry(2, 3, EntryKind.Configuration, "drei")]);
        world.Wal.Commit();
        return world;
    }

    private static LogEntry Entry(long term, long index, EntryKind kind, string text) =>
        new(term, index, 1_700_000_000_000 + index - 1, kind, Encoding.UTF8.GetBytes(text));

    private static byte[] Golden() => GoldenFile.Read("wal-v1.bin");
}
