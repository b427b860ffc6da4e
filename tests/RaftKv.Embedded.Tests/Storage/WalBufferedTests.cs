using RaftKv.Embedded.Log;
using RaftKv.Embedded.Primitives;
using RaftKv.Embedded.Storage;
using Xunit;

namespace RaftKv.Embedded.Tests.Storage;

/// <summary>
/// Commits that stay in the page cache (Durability = OsBuffered). A power cut may lose any of them, and the log is then valid up to the
/// first lost one.
/// </summary>
public sealed class WalBufferedTests
{
    private static readonly WalOptions Buffered = WalWorld.Small with { SyncsCommits = false };

    private static string Tail => Path.Combine(WalWorld.Directory, WalTail.FileName);

    [Fact]
    public void After_a_power_cut_the_log_is_a_prefix_of_what_was_committed_and_goes_on()
    {
        var lost = 0;
        for (var seed = 1UL; seed <= 300; seed++)
        {
            var chance = new Prng(seed);
            var world = new WalWorld().Open(Buffered);
            var synced = Work(world, chance, 1, out var states);
            world.Disk.Crash(chance);

            world.Open(seed % 2 == 0 ? Buffered : WalWorld.Small);
            var found = states.FindLastIndex(state => world.DifferenceFrom(state) is null);
            Assert.True(found >= synced, $"seed {seed}: the log is no state of the past behind the one that was synced");
            Assert.True(world.Recovery.WasBuffered);
            lost += states.Count - 1 - found;

            // What was recovered is durable, and so is what the next run adds, when it syncs or closes the log.
            var next = world.Wal.Last.Index + 1;
            world.Wal.Append(WalWorld.Entries(next, 3, world.Wal.Term));
            world.Wal.Commit();
            if (seed % 2 == 0)
                world.Wal.Close();
            world.Disk.CrashLosingAll();
            world.Open();
            Assert.Equal(next + 2, world.Wal.LastDurableIndex);
            Assert.False(world.Recovery.WasBuffered);
        }
        Assert.True(lost > 100, $"only {lost} commits were lost: nothing was tried");
    }

    [Fact]
    public void A_clean_end_makes_everything_durable()
    {
        var world = new WalWorld().Open(Buffered);
        Work(world, new Prng(1), 1, out var states);
        world.Wal.Close();
        world.Disk.CrashLosingAll();

        world.Open();

        Assert.Null(world.DifferenceFrom(states[^1]));
        Assert.False(world.Recovery.WasBuffered);
    }

    /// <summary>The identity names the cluster durably. Without the configuration of the cluster the node could never lead again.</summary>
    [Fact]
    public void A_configuration_is_durable_with_all_before_it()
    {
        var world = new WalWorld().Open(Buffered);
        Work(world, new Prng(2), 1, out _);
        world.AppendAndCommit(WalWorld.Entry(world.Wal.Last.Index + 1, world.Wal.Term, kind: EntryKind.Configuration));
        var synced = world.Acknowledged;
        world.AppendAndCommit(WalWorld.Entry(world.Wal.Last.Index + 1, world.Wal.Term));
        world.Disk.CrashLosingAll();

        world.Open(Buffered);

        Assert.Null(world.DifferenceFrom(synced));
    }

    [Fact]
    public void Without_a_power_cut_nothing_is_lost()
    {
        var world = new WalWorld().Open(Buffered);
        Work(world, new Prng(1), 1, out var states);
        world.Disk.KillProcess();

        world.Open(Buffered);

        Assert.Null(world.DifferenceFrom(states[^1]));
    }

    [Fact]
    public void What_was_durable_before_is_still_required()
    {
        var world = new WalWorld().Open(WalWorld.Small with { SegmentBytes = 16384 });
        for (var i = 0; i < 10; i++)
            world.AppendAndCommit(WalWorld.Entries(1 + i * 2, 2, term: 1));
        world.Wal.Close();
        world.Open(Buffered with { SegmentBytes = 16384 });
        world.AppendAndCommit(WalWorld.Entries(21, 2, term: 1));
        world.Disk.File(Path.Combine(WalWorld.Directory, WalSegment.NameOf(1))).Corrupt(700, 1);
        world.Disk.CrashLosingAll();

        Assert.Equal(RaftKvStorageError.Damaged, Assert.Throws<RaftKvStorageException>(() => world.Open()).Error);
    }

    [Fact]
    public void The_log_that_a_recovery_reads_ends_at_the_same_place_and_is_not_changed()
    {
        for (var seed = 1UL; seed <= 50; seed++)
        {
            var world = new WalWorld().Open(Buffered);
            Work(world, new Prng(seed), 1, out _);
            world.Disk.Crash(new Prng(seed));
            var before = world.Disk.Files.Select(f => (f.Path, Convert.ToHexString(f.Bytes))).ToArray();

            using var looked = Wal.Open(new ReadOnlyFileSystem(world.Disk), WalWorld.Directory, WalWorld.Small, out var recovery);

            Assert.Equal(before, world.Disk.Files.Select(f => (f.Path, Convert.ToHexString(f.Bytes))));
            world.Open();
            Assert.Equal(world.Recovery.Last, recovery.Last);
        }
    }

    [Fact]
    public void A_power_cut_at_any_operation_of_the_repair_is_survived()
    {
        for (var cutAt = 1; ; cutAt++)
        {
            var world = new WalWorld().Open(Buffered);
            var synced = Work(world, new Prng(5), 1, out var states);
            world.Disk.Crash(new Prng(5));
            world.Disk.CutPowerAt(world.Disk.Operations + cutAt);
            var cut = Record.Exception(() => world.Open());
            world.Disk.Crash(new Prng((ulong)cutAt));
            if (cut is null)
                break;
            Assert.IsType<PowerCutException>(cut);
            world.Open();
            Assert.True(states.FindLastIndex(state => world.DifferenceFrom(state) is null) >= synced);
        }
    }

    [Fact]
    public void Up_to_its_damage_a_log_can_be_read()
    {
        var world = new WalWorld().Open();
        var states = new List<WalModel>();
        for (var i = 0; i < 60; i++)
        {
            world.AppendAndCommit(WalWorld.Entries(1 + i * 2, 2, term: 1));
            states.Add(world.Acknowledged);
        }
        world.Wal.Close();
        world.Disk.File(Path.Combine(WalWorld.Directory, WalSegment.NameOf(3))).Corrupt(2000, 1);
        foreach (var hasTail in (bool[])[true, false])
        {
            if (!hasTail)
                world.Disk.Lose(Tail);
            Assert.Throws<RaftKvStorageException>(() => Wal.Open(new ReadOnlyFileSystem(world.Disk), WalWorld.Directory, WalWorld.Small, out _));

            using var looked = Wal.Open(new ReadOnlyFileSystem(world.Disk), WalWorld.Directory, WalWorld.Small with { UpToDamage = true }, out var recovery);

            Assert.InRange(recovery.Last.Index, 20, 100);
            Assert.Equal(0, recovery.Last.Index % 2);
            var read = new List<LogEntry>();
            Assert.Equal(recovery.Last.Index, looked.Read(1, recovery.Last.Index, int.MaxValue, read));
        }
    }

    /// <summary>Makes commits of many kinds. Returns the index of the first state that must survive, and all states.</summary>
    private static int Work(WalWorld world, Prng chance, long term, out List<WalModel> states)
    {
        states = [world.Acknowledged];
        var synced = 0;
        world.Vote(term, "a");
        for (var i = 0; i < 40; i++)
        {
            var next = world.Wal.Last.Index + 1;
            if (chance.Below(8) == 0)
                world.Vote(++term, "b");
            if (chance.Below(10) == 0 && next > world.Wal.Base.Index + 3)
                world.CutFrom(next - 2);
            world.AppendAndCommit(WalWorld.Entries(world.Wal.Last.Index + 1, 1 + (int)chance.Below(4), term, (int)chance.Below(400)));
            states.Add(world.Acknowledged);
            if (chance.Below(25) == 0)
            {
                world.Reset(new EntryId(term, world.Wal.Last.Index + 10));
                states.Add(world.Acknowledged);
                synced = states.Count - 1;
            }
        }
        return synced;
    }
}
