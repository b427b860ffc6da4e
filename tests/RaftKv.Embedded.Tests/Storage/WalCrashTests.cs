using RaftKv.Embedded.Primitives;
using RaftKv.Embedded.Storage;
using Xunit;

namespace RaftKv.Embedded.Tests.Storage;

/// <summary>The power is cut, or the disk fails, at every single operation of the disk.</summary>
public sealed class WalCrashTests
{
    private static readonly (string Name, Action<MemoryFileSystem, ulong> Crash)[] Fates =
    [
        ("nothing unsynced survives", (disk, _) => disk.CrashLosingAll()),
        ("everything unsynced survives", (disk, _) => disk.CrashKeepingAll()),
        ("chance decides", (disk, seed) => disk.Crash(new Prng(seed))),
        ("chance decides again", (disk, seed) => disk.Crash(new Prng(seed + 1_000))),
        ("chance decides a third time", (disk, seed) => disk.Crash(new Prng(seed + 2_000))),
        ("only the process dies", (disk, _) => disk.KillProcess()),
    ];

    [Fact]
    public void Wherever_the_power_goes_what_was_acknowledged_is_there_and_nothing_is_mixed()
    {
        foreach (var (fate, crash) in Fates)
        {
            for (var k = 1; RunUntilPowerCut(k) is { } world; k++)
            {
                crash(world.Disk, (ulong)k);
                MustRecover(world, $"operation {k}, {fate}");
            }
        }
    }

    [Fact]
    public void Wherever_the_power_goes_during_recovery_the_next_recovery_succeeds()
    {
        for (var k = 1; RunUntilPowerCut(k) is { } world; k++)
        {
            world.Disk.Crash(new Prng((ulong)k));
            for (var j = 1; ; j++)
            {
                world.Disk.CutPowerAt(world.Disk.Operations + j);
                if (Record.Exception(() => world.Open()) is not { } failure)
                    break;
                Assert.IsType<PowerCutException>(failure);
                world.Disk.Crash(new Prng((ulong)(k * 100 + j)));
            }
            world.Disk.KillProcess();
            MustRecover(world, $"operation {k}");
        }
    }

    [Theory]
    [InlineData(DeviceOperation.Write, RaftKvStorageError.Io)]
    [InlineData(DeviceOperation.Write, RaftKvStorageError.DiskFull)]
    [InlineData(DeviceOperation.Sync, RaftKvStorageError.Io)]
    [InlineData(DeviceOperation.Sync, RaftKvStorageError.DiskFull)]
    [InlineData(DeviceOperation.Create, RaftKvStorageError.Io)]
    [InlineData(DeviceOperation.Delete, RaftKvStorageError.Io)]
    [InlineData(DeviceOperation.SyncDirectory, RaftKvStorageError.Io)]
    internal void A_failing_disk_is_final_and_after_a_restart_and_a_power_cut_the_log_is_whole(DeviceOperation operation, RaftKvStorageError error)
    {
        var faults = 0;
        for (var nth = 1; ; nth++)
        {
            var world = new WalWorld().Open();
            world.Disk.FailAt(operation, nth, error);
            if (Record.Exception(world.RunWorkload) is not { } failure)
                break;
            faults++;

            Assert.Equal(error, Assert.IsType<RaftKvStorageException>(failure).Error);
            Assert.Equal(error, Assert.Throws<RaftKvStorageException>(world.Wal.Commit).Error);
            Assert.Equal(error, Assert.Throws<RaftKvStorageException>(() => world.Wal.SaveVote(99, null)).Error);
            world.Wal.Close();

            // The page cache still shows what the failed sync did not write. A start that does not write it again loses it in the power cut
            // below.
            world.Disk.KillProcess();
            world.Open();
            world.MustHoldWhatWasAcknowledged($"{operation} {nth}, after the restart");
            Assert.True(world.Recovery.WasPoisoned);
            world.Disk.CrashLosingAll();
            MustRecover(world, $"{operation} {nth}, after the power cut");
            Assert.False(world.Recovery.WasPoisoned);
        }
        Assert.True(faults > 0);
    }

    [Theory]
    [InlineData(DeviceOperation.Sync)]
    [InlineData(DeviceOperation.SyncDirectory)]
    internal void Wherever_the_power_goes_while_a_start_makes_a_failed_sync_good_nothing_is_lost(DeviceOperation operation)
    {
        for (var nth = 1; ; nth++)
        {
            for (var cut = 1; ; cut++)
            {
                var world = new WalWorld().Open();
                world.Disk.FailAt(operation, nth);
                if (Record.Exception(world.RunWorkload) is null)
                {
                    Assert.True(nth > 1);
                    return;
                }
                world.Disk.KillProcess();
                world.Disk.CutPowerAt(world.Disk.Operations + cut);
                var isOpen = Record.Exception(() => world.Open()) is not PowerCutException;
                world.Disk.CrashLosingAll();
                MustRecover(world, $"{operation} {nth}, power cut in operation {cut} of the start");
                if (isOpen)
                    break;
            }
        }
    }

    [Fact]
    public void A_failed_sync_whose_marker_failed_as_well_is_made_good_by_the_next_start()
    {
        var world = new WalWorld().Open();
        world.AppendAndCommit(WalWorld.Entries(1, 5, term: 1));
        world.Append(WalWorld.Entries(6, 5, term: 1));
        world.Disk.FailAt(DeviceOperation.Sync, 1);
        Assert.Throws<RaftKvStorageException>(world.Commit);
        world.Disk.Lose(Path.Combine(WalWorld.Directory, Wal.MarkerName));

        world.Disk.KillProcess();
        world.Open();
        Assert.Equal(10, world.Wal.LastDurableIndex);
        world.MustHoldWhatWasAcknowledged("restart");
        world.Disk.CrashLosingAll();
        MustRecover(world, "power cut");
        Assert.Equal(11, world.Wal.LastDurableIndex);
    }

    [Fact]
    public void The_first_start_is_nothing_or_complete()
    {
        for (var k = 1; ; k++)
        {
            var world = new WalWorld();
            world.Disk.CutPowerAt(k);
            if (Record.Exception(() => world.Open()) is not { } failure)
                break;
            Assert.IsType<PowerCutException>(failure);
            world.Disk.Crash(new Prng((ulong)k));
            world.Open();
            Assert.True(world.Recovery.IsNew);
            MustRecover(world, $"operation {k}");
        }
    }

    /// <summary>Runs the workload until the power is cut in operation <paramref name="k"/>; null when the workload ends before.</summary>
    private static WalWorld? RunUntilPowerCut(int k)
    {
        var world = new WalWorld().Open();
        world.Disk.CutPowerAt(world.Disk.Operations + k);
        var failure = Record.Exception(world.RunWorkload);
        if (failure is null)
            return null;
        Assert.IsType<PowerCutException>(failure);
        return world;
    }

    /// <summary>Opens the log and checks what it must hold, commits once more, and checks again after a power cut.</summary>
    private static void MustRecover(WalWorld world, string when)
    {
        world.Open();
        world.MustHoldWhatWasAcknowledged(when);
        world.Vote(world.Wal.Term + 1, "z");
        world.AppendAndCommit(WalWorld.Entry(world.Wal.Last.Index + 1, world.Wal.Term));
        world.Disk.CrashLosingAll();
        world.Open();
        world.MustHoldWhatWasAcknowledged(when + ", then one more commit");
        Assert.Equal("z", world.Wal.VotedFor);
        world.Wal.Close();
    }
}
