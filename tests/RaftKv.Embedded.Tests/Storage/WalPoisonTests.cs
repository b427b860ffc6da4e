using System.Buffers.Binary;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Primitives;
using RaftKv.Embedded.Storage;
using Xunit;

namespace RaftKv.Embedded.Tests.Storage;

/// <summary>
/// A value of a client that looks like records of the log must not turn an interrupted write into damage, and must not make a start slow.
/// </summary>
public sealed class WalPoisonTests
{
    private const int Overhead = WalRecord.HeaderBytes + WalRecord.EntryBodyBytes;

    [Fact]
    public void A_value_that_looks_like_later_commits_does_not_turn_a_torn_tail_into_damage()
    {
        var (world, start) = Poisoned(salt: 0x1234_5679, Records);

        Tear(world, start);
        world.Open();

        Assert.True(world.Recovery.BytesCut > 0);
        Assert.Equal(3, world.Wal.LastDurableIndex);
    }

    /// <summary>The format without a salt cannot tell them apart, which shows that the value above does look like records.</summary>
    [Fact]
    public void Without_a_salt_the_same_value_is_taken_for_a_later_commit()
    {
        var (world, start) = Poisoned(salt: 0, Records);

        Tear(world, start);

        Assert.Equal(RaftKvStorageError.Damaged, Assert.Throws<RaftKvStorageException>(() => world.Open()).Error);
    }

    [Fact]
    public void Random_poison_torn_anywhere_never_refuses_a_start()
    {
        var chance = new Prng(7);
        for (var time = 0; time < 300; time++)
        {
            var salt = (uint)chance.Next() | 1;
            var (world, start) = Poisoned(salt, (commit, bytes) => chance.Below(2) == 0 ? Records(commit, bytes) : Noise(chance, commit, bytes));
            Tear(world, start + (int)chance.Below(60));
            world.Open();
            Assert.Equal(3, world.Wal.LastDurableIndex);
        }
    }

    /// <summary>
    /// Hundreds of thousands of places look like records of megabytes. A search that reads each to verify it reads hundreds of gigabytes.
    /// </summary>
    [Fact]
    public async Task A_value_of_plausible_headers_does_not_make_the_start_quadratic()
    {
        var (world, start) = Poisoned(salt: 0, Headers, bytes: 4 * 1024 * 1024);
        Tear(world, start);

        await Task.Run(() => world.Open(), TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromMinutes(2), TestContext.Current.CancellationToken);

        Assert.Equal(3, world.Wal.LastDurableIndex);
    }

    [Fact]
    public void The_checksum_behind_zeros_follows_from_the_one_before()
    {
        var chance = new Prng(3);
        for (var time = 0; time < 2_000; time++)
        {
            var bytes = new byte[chance.Below(300)];
            for (var i = 0; i < bytes.Length; i++)
                bytes[i] = (byte)chance.Next();
            var zeros = (int)chance.Below(time < 1_900 ? 70_000 : 20_000_000);
            byte[] whole = [.. bytes, .. new byte[zeros]];
            Assert.Equal(Crc32C.Compute(whole), ~Crc32CShift.Zeros(~Crc32C.Compute(bytes), zeros));
        }
    }

    private delegate byte[] Poison(uint lastCommit, int bytes);

    /// <summary>Entries 1 to 3, then a commit with the poison as its entry's payload. Returns where that commit begins.</summary>
    private static (WalWorld World, int Start) Poisoned(uint salt, Poison poison, int bytes = 1_000)
    {
        var world = new WalWorld().Open(WalWorld.Small with { SegmentBytes = 2 * bytes + 4096, NewSalt = () => salt });
        world.Vote(1, "a");
        world.Commit();
        world.AppendAndCommit(WalWorld.Entries(1, 3, term: 1));
        var file = world.Disk.File(Path.Combine(WalWorld.Directory, WalSegment.NameOf(1)));
        var start = file.Bytes.LastIndexOfAnyExcept((byte)0) + 1;
        world.AppendAndCommit(new LogEntry(1, 4, 0, EntryKind.Command, poison(2, bytes)));
        return (world, (start + WalRecord.Alignment - 1) / WalRecord.Alignment * WalRecord.Alignment);
    }

    /// <summary>The power was cut during the write: its first 40 bytes are missing, and the rest is there.</summary>
    private static void Tear(WalWorld world, int at)
    {
        var file = world.Disk.File(Path.Combine(WalWorld.Directory, WalSegment.NameOf(1)));
        for (var i = at; i < at + 40; i++)
            file.Corrupt(i, file.Bytes[i]);
        world.Disk.CrashLosingAll();
    }

    /// <summary>Whole records of later commits, as the format without a salt has them.</summary>
    private static byte[] Records(uint lastCommit, int bytes)
    {
        var value = new byte[bytes];
        var size = WalRecord.SizeOf(WalRecord.EntryBodyBytes);
        for (var (at, ahead) = (0, 2u); at + size <= bytes; (at, ahead) = (at + size, ahead % 16 + 2))
        {
            WalRecord.Begin(value.AsSpan(at, size), WalRecord.EntryBodyBytes, WalRecordType.Entry, EntryKind.Command);
            WalRecord.Seal(value.AsSpan(at, size), lastCommit + ahead, previous: 0, salt: 0);
        }
        return value;
    }

    private static byte[] Noise(Prng chance, uint lastCommit, int bytes)
    {
        var value = Records(lastCommit, bytes);
        for (var i = 0; i < bytes / 50; i++)
            value[chance.Below(bytes)] ^= (byte)chance.Next();
        return value;
    }

    /// <summary>One header of a record after the other, each of a record that reaches nearly to the end.</summary>
    private static byte[] Headers(uint lastCommit, int bytes)
    {
        // A header is three words: length, type and kind, commit.
        var value = new byte[bytes];
        for (var at = 0; at + WalRecord.HeaderBytes <= bytes; at += WalRecord.HeaderBytes)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(value.AsSpan(at), (uint)((bytes - at - Overhead) & ~3));
            value[at + 4] = (byte)WalRecordType.Entry;
            value[at + 5] = (byte)EntryKind.Command;
            BinaryPrimitives.WriteUInt32LittleEndian(value.AsSpan(at + 8), lastCommit + 2 + (uint)(at % 1000));
        }
        return value;
    }
}
