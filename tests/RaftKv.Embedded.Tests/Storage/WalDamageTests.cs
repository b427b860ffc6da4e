using RaftKv.Embedded.Log;
using RaftKv.Embedded.Storage;
using Xunit;

namespace RaftKv.Embedded.Tests.Storage;

/// <summary>What a bad disk or a careless operator does to the files of the log is repaired or refused.</summary>
public sealed class WalDamageTests
{
    private static readonly WalOptions OneSegment = WalWorld.Small with { SegmentBytes = 8192 };

    [Fact]
    public void A_tail_torn_at_any_byte_of_the_last_commit_is_cut_off_and_never_comes_back()
    {
        var (start, end) = LastCommitOf(FourCommits());
        for (var at = start; at < end; at++)
        {
            foreach (var mask in (byte[])[0x00, 0x5A])
            {
                var world = FourCommits();
                var file = world.Disk.File(Segment(1));
                for (var i = at; i < end; i++)
                    file.Corrupt(i, (byte)(mask == 0 ? file.Bytes[i] : mask));
                var cutBytes = file.Bytes[start..].ContainsAnyExcept((byte)0);
                world.Disk.CrashLosingAll();

                world.Open(OneSegment);
                Assert.Equal(6, world.Wal.LastDurableIndex);
                Assert.Equal(cutBytes, world.Recovery.BytesCut > 0);
                world.Disk.CrashLosingAll();
                Assert.False(world.Disk.File(Segment(1)).Bytes[start..].ContainsAnyExcept((byte)0));
            }
        }
    }

    [Fact]
    public void Every_flipped_bit_before_the_last_commit_is_refused_with_file_and_offset()
    {
        var start = LastCommitOf(FourCommits()).Start;
        for (var at = 0; at < start; at++)
        {
            for (var bit = 0; bit < 8; bit++)
            {
                var world = FourCommits();
                world.Disk.File(Segment(1)).Corrupt(at, (byte)(1 << bit));
                var failure = MustRefuse(world, RaftKvStorageError.Damaged);
                Assert.Contains(Segment(1), failure.Message, StringComparison.Ordinal);
                Assert.Contains("offset", failure.Message, StringComparison.Ordinal);
                Assert.Contains("add it again", failure.Message, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void A_later_commit_is_seen_although_its_checksum_ends_in_zeros()
    {
        var seen = 0;
        for (var time = 0; time < 4096; time++)
        {
            var world = new WalWorld().Open(OneSegment);
            for (var i = 1; i <= 4; i++)
                world.AppendAndCommit(WalWorld.Entry(i, term: 1) with { TimeMs = time });
            var file = world.Disk.File(Segment(1));
            // Only a record that ends in zeros is of interest: zeros follow the log, so the end of such a record does not show.
            if (file.Bytes[file.LastWriteOffset + WalRecord.SizeOf(WalRecord.EntryBodyBytes + 100) - 1] != 0)
                continue;
            seen++;
            file.Corrupt(file.LastWriteOffset - 20, 1);
            MustRefuse(world, RaftKvStorageError.Damaged);
        }
        Assert.NotEqual(0, seen);
    }

    [Fact]
    public void Every_flipped_bit_of_the_last_commit_loses_it_as_a_whole_unless_the_log_was_closed()
    {
        var (start, end) = LastCommitOf(FourCommits());
        for (var at = start; at < end; at++)
        {
            for (var bit = 0; bit < 8; bit++)
            {
                var world = FourCommits();
                world.Disk.File(Segment(1)).Corrupt(at, (byte)(1 << bit));
                world.Disk.CrashLosingAll();
                world.Open(OneSegment);
                Assert.Equal([1, 2, 3, 4, 5, 6], world.ReadAll().Select(e => e.Index));
                Assert.Equal("a", world.Wal.VotedFor);

                world = FourCommits();
                world.Wal.Close();
                world.Disk.File(Segment(1)).Corrupt(at, (byte)(1 << bit));
                MustRefuse(world, RaftKvStorageError.Damaged);
            }
        }
    }

    [Fact]
    public void Every_flipped_bit_of_the_second_place_is_survived_and_repaired()
    {
        var world = FourCommits();
        var length = world.Disk.File(Tail).Length;
        for (var at = 0; at < length; at++)
        {
            world = FourCommits();
            world.Wal.Close();
            world.Disk.File(Tail).Corrupt(at, 0x10);
            world.Open(OneSegment);
            Assert.Equal(9, world.Wal.LastDurableIndex);
            world.Disk.File(Tail).Corrupt((at + 4096) % 8192 < length ? (at + 4096) % 8192 : at, 0x10);
            world.Disk.CrashLosingAll();
            world.Open(OneSegment);
            Assert.Equal(9, world.Wal.LastDurableIndex);
        }
    }

    [Fact]
    public void Both_halves_of_the_second_place_damaged_or_its_file_gone_is_refused()
    {
        var world = FourCommits();
        world.Disk.File(Tail).Corrupt(20, 1);
        world.Disk.File(Tail).Corrupt(4096 + 20, 1);
        MustRefuse(world, RaftKvStorageError.Damaged);

        world = FourCommits();
        world.Disk.Lose(Tail);
        MustRefuse(world, RaftKvStorageError.Damaged);
    }

    [Fact]
    public void Zeroed_and_stale_and_misplaced_sectors_below_the_last_commit_are_refused()
    {
        foreach (var damage in (Action<MemoryFile>[])
            [
                file => Overwrite(file, 512, new byte[512]),
                file => Overwrite(file, 512, file.Bytes.Slice(1024, 512).ToArray()),
                file => Overwrite(file, 1024, file.Bytes.Slice(512, 512).ToArray()),
                file => Overwrite(file, 0, new byte[4096]),
            ])
        {
            var world = new WalWorld().Open();
            for (var i = 0; i < 10; i++)
                world.AppendAndCommit(WalWorld.Entries(1 + i * 2, 2, term: 1));
            damage(world.Disk.File(Segment(1)));
            world.Disk.CrashLosingAll();
            Assert.Equal(RaftKvStorageError.Damaged, Assert.Throws<RaftKvStorageException>(() => world.Open()).Error);
        }
    }

    [Fact]
    public void A_missing_segment_is_noticed_whichever_it_is()
    {
        var count = ManySegments().Disk.ListFiles(WalWorld.Directory).Count(n => n.EndsWith(".wal", StringComparison.Ordinal));
        Assert.True(count > 3);
        for (var sequence = 1; sequence <= count; sequence++)
        {
            var world = ManySegments();
            world.Disk.Lose(Segment(sequence));
            Assert.Contains(Segment(sequence), MustRefuse(world, RaftKvStorageError.Damaged).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_segment_cut_off_anywhere_is_refused()
    {
        foreach (var length in (int[])[0, 1, 60, 500, 2000, 4095])
        {
            foreach (var sequence in (int[])[1, 2, 5])
            {
                var world = ManySegments();
                world.Disk.File(Segment(sequence)).Truncate(length);
                MustRefuse(world, RaftKvStorageError.Damaged);
            }
        }
    }

    [Fact]
    public void A_segment_of_another_log_in_the_place_of_one_is_refused()
    {
        var world = ManySegments();
        var other = new WalWorld().Open();
        for (var i = 1; i <= 40; i++)
            other.AppendAndCommit(WalWorld.Entries(i * 2 - 1, 2, term: 7));
        Overwrite(world.Disk.File(Segment(2)), 0, other.Disk.File(Segment(2)).Bytes.ToArray());
        MustRefuse(world, RaftKvStorageError.Damaged);
    }

    [Fact]
    public void An_empty_directory_of_a_node_that_had_a_log_is_refused()
    {
        var world = new WalWorld();
        Assert.Equal(RaftKvStorageError.Damaged,
            Assert.Throws<RaftKvStorageException>(() => world.Open(WalWorld.Small with { MustExist = true })).Error);
        Assert.Empty(world.Disk.ListFiles(WalWorld.Directory));
    }

    [Fact]
    public void Files_of_a_newer_format_are_refused_and_left_as_they_are()
    {
        foreach (var (path, size) in ((string, int)[])[(Segment(1), 0), (Tail, 68)])
        {
            var world = FourCommits();
            world.Wal.Close();
            var file = world.Disk.File(path);
            for (var at = 0; at < file.Length && at <= 4096; at += 4096)
            {
                var block = file.Bytes.Slice(at, size == 0 ? BitConverter.ToInt32(file.Bytes[12..]) : size).ToArray();
                FormatBlock.Seal(block, BitConverter.ToUInt64(block), version: 3);
                if (size > 0 || at == 0)
                    Overwrite(file, at, block);
            }
            var before = file.Bytes.ToArray();
            var failure = MustRefuse(world, RaftKvStorageError.NewerFormat);
            Assert.Contains("format 3", failure.Message, StringComparison.Ordinal);
            Assert.Equal(before, world.Disk.File(path).Bytes.ToArray());
        }
    }

    /// <summary>The checksum is right, so a program wrote the value. The fields begin at offset 16 and have eight bytes each.</summary>
    [Theory]
    [InlineData(24, 0L)]
    [InlineData(24, 20L)]
    [InlineData(24, long.MaxValue)]
    [InlineData(32, -1L)]
    [InlineData(48, -1L)]
    [InlineData(56, -1L)]
    public void A_segments_header_that_cannot_be_is_refused(int field, long value)
    {
        var world = FourCommits();
        Rewrite(world.Disk.File(Segment(1)), 0, field, value);
        MustRefuse(world, RaftKvStorageError.Damaged);
    }

    [Theory]
    [InlineData(24, 0L)]
    [InlineData(24, 2L)]
    [InlineData(24, long.MaxValue)]
    [InlineData(32, -1L)]
    [InlineData(32, long.MaxValue)]
    [InlineData(40, -1L)]
    public void A_second_place_that_cannot_be_is_refused(int field, long value)
    {
        var world = FourCommits();
        Rewrite(world.Disk.File(Tail), 0, field, value);
        Rewrite(world.Disk.File(Tail), 4096, field, value);
        MustRefuse(world, RaftKvStorageError.Damaged);
    }

    [Fact]
    public void An_entry_that_rots_while_the_log_is_open_is_never_returned()
    {
        var (start, end) = LastCommitOf(FourCommits());
        for (var at = start; at < end; at++)
        {
            var world = FourCommits();
            world.Disk.File(Segment(1)).Corrupt(at, 0x01);
            var read = new List<LogEntry>();
            if (Record.Exception(() => world.Wal.Read(7, 9, int.MaxValue, read)) is { } failure)
                Assert.Equal(RaftKvStorageError.Damaged, Assert.IsType<RaftKvStorageException>(failure).Error);
            foreach (var entry in read)
                Assert.Equal(WalWorld.Entry(entry.Index, 2).Payload.ToArray(), entry.Payload.ToArray());
        }
    }

    private static string Tail => Path.Combine(WalWorld.Directory, WalTail.FileName);

    private static string Segment(int sequence) => Path.Combine(WalWorld.Directory, WalSegment.NameOf(sequence));

    /// <summary>
    /// Entries 1 to 9, three to a commit, the last commit with a vote. The second place does not record the last commit yet.
    /// </summary>
    private static WalWorld FourCommits()
    {
        var world = new WalWorld().Open(OneSegment);
        world.Vote(1, "a");
        world.Commit();
        world.AppendAndCommit(WalWorld.Entries(1, 3, term: 1));
        world.AppendAndCommit(WalWorld.Entries(4, 3, term: 1));
        world.Vote(2, "b");
        world.AppendAndCommit(WalWorld.Entries(7, 3, term: 2));
        return world;
    }

    private static (int Start, int End) LastCommitOf(WalWorld world)
    {
        var bytes = world.Disk.File(Segment(1)).Bytes;
        var end = bytes.LastIndexOfAnyExcept((byte)0) + 1;
        var last = 3 * WalRecord.SizeOf(WalRecord.EntryBodyBytes + 100) + WalRecord.SizeOf(new WalVote(2, "b").Size);
        return (end - last, end);
    }

    private static WalWorld ManySegments()
    {
        var world = new WalWorld().Open();
        for (var i = 1; i <= 60; i++)
            world.AppendAndCommit(WalWorld.Entries(i * 2 - 1, 2, term: 1));
        return world;
    }

    /// <summary>Writes another value into a block, with a right checksum.</summary>
    private static void Rewrite(MemoryFile file, int at, int field, long value)
    {
        var block = file.Bytes.Slice(at, BitConverter.ToInt32(file.Bytes[(at + 12)..])).ToArray();
        BitConverter.TryWriteBytes(block.AsSpan(field), value);
        FormatBlock.Seal(block, BitConverter.ToUInt64(block), BitConverter.ToUInt32(block, 8));
        Overwrite(file, at, block);
    }

    private static void Overwrite(MemoryFile file, int offset, byte[] bytes)
    {
        for (var i = 0; i < bytes.Length; i++)
            file.Corrupt(offset + i, (byte)(file.Bytes[offset + i] ^ bytes[i]));
    }

    private static RaftKvStorageException MustRefuse(WalWorld world, RaftKvStorageError error)
    {
        world.Disk.CrashLosingAll();
        var operations = world.Disk.Operations;
        var failure = Assert.Throws<RaftKvStorageException>(() => world.Open(OneSegment));
        Assert.Equal(error, failure.Error);
        Assert.Equal(operations, world.Disk.Operations);
        return failure;
    }
}
