using RaftKv.Embedded.Log;
using RaftKv.Embedded.Storage;
using Xunit;

namespace RaftKv.Embedded.Tests.Storage;

/// <summary>A log without room for its next segment refuses a commit and stays usable, because nothing was written.</summary>
public sealed class WalRoomTests
{
    [Fact]
    public void Without_room_for_the_next_segment_a_commit_is_refused_and_succeeds_when_there_is_room()
    {
        var world = new WalWorld().Open(WalWorld.Small);
        world.AppendAndCommit(WalWorld.Entries(1, 20, term: 1));
        var wanted = 20;
        world.Disk.Capacity = 0;
        WalNoRoomException? refused = null;
        while (refused is null)
        {
            wanted++;
            world.Append(WalWorld.Entry(wanted, 1));
            refused = Record.Exception(world.Commit) as WalNoRoomException;
            Assert.True(wanted < 100);
        }

        Assert.Throws<WalNoRoomException>(world.Commit);
        world.Append(WalWorld.Entry(wanted + 1, 1));
        Assert.Throws<WalNoRoomException>(world.Commit);
        Assert.Equal(wanted - 1, world.Wal.LastDurableIndex);
        world.Disk.Capacity = long.MaxValue;
        world.Commit();
        Assert.Equal(wanted + 1, world.Wal.LastDurableIndex);

        world.Disk.Capacity = 0;
        Assert.Throws<WalNoRoomException>(() => world.Reset(new EntryId(2, 500)));
        world.Disk.Capacity = long.MaxValue;
        world.Reset(new EntryId(2, 500));
        world.AppendAndCommit(WalWorld.Entries(501, 3, term: 2));
        world.Disk.CrashLosingAll();
        world.Open();
        world.MustHoldWhatWasAcknowledged("after the power cut");
        Assert.False(world.Recovery.WasPoisoned);
    }

    [Fact]
    public void Where_a_usual_segment_does_not_fit_a_small_one_is_made_and_leaves_nothing_behind()
    {
        var options = WalWorld.Small with { SegmentBytes = 8 * 1024 * 1024 };
        var world = new WalWorld().Open(options);
        world.Disk.Capacity = 8 * 1024 * 1024 + 2 * 1024 * 1024 + 64 * 1024;
        world.AppendAndCommit(WalWorld.Entries(1, 8, term: 1, bytes: 1000 * 1000));
        world.AppendAndCommit(WalWorld.Entries(9, 1, term: 1, bytes: 600 * 1000));

        Assert.Equal(2, world.Disk.ListFiles(WalWorld.Directory).Count(name => name.EndsWith(".wal", StringComparison.Ordinal)));
        Assert.InRange(world.Disk.AvailableBytes(WalWorld.Directory), 1024 * 1024, 2 * 1024 * 1024);
        world.Wal.Close();
        world.Open(options);
        world.MustHoldWhatWasAcknowledged("reopened");
    }
}
