using RaftKv.Embedded.Log;
using RaftKv.Embedded.Node;
using RaftKv.Embedded.Storage;
using Xunit;

namespace RaftKv.Embedded.Tests.Node;

/// <summary>How much disk space a node keeps free, and when a leader refuses data because the disks of other nodes lack room.</summary>
public sealed class DiskReserveTests
{
    private const long MiB = 1024 * 1024;

    private static readonly ClusterConfiguration Three = new([.. ((string[])["a", "b", "c"]).Select(id => new Member(id, $"{id}:1", Guid.Empty, MemberRole.Voter))]);

    [Fact]
    public void The_reserve_has_room_for_the_flush_the_snapshot_and_the_next_segments_and_ends_by_itself()
    {
        var reserve = new DiskReserve(new RaftKvOptions(), 200 * MiB, 6 * MiB);
        reserve.Measured(150 * MiB, flushBytes: 30 * MiB, snapshotBytes: 40 * MiB, appendedBytes: 0);
        Assert.False(reserve.IsFull);
        // In MiB: 30 + 40 + 2 * 6, and a sixteenth of the volume.
        Assert.Equal(94.5 * MiB, reserve.Reserve);
        Assert.Equal(55.5 * MiB, reserve.Room);

        reserve.Measured(94 * MiB, 30 * MiB, 40 * MiB, 0);
        Assert.True(reserve.IsFull && reserve.IsLow);
        Assert.True(reserve.HasRoomForEntries(0));
        reserve.Measured(95 * MiB, 30 * MiB, 40 * MiB, 0);
        Assert.True(reserve.IsFull);
        reserve.Measured(97 * MiB, 30 * MiB, 40 * MiB, 0);
        Assert.False(reserve.IsFull);
        // The snapshot still fits. Only a snapshot can make room again.
        reserve.Measured(80 * MiB, 30 * MiB, 40 * MiB, 0);
        Assert.True(reserve.HasRoomForEntries(0));
        reserve.Measured(79 * MiB, 30 * MiB, 40 * MiB, 0);
        Assert.False(reserve.HasRoomForEntries(0));
    }

    [Fact]
    public void What_is_appended_is_taken_off_until_the_next_measurement()
    {
        var reserve = new DiskReserve(new RaftKvOptions(), 1000 * MiB, 31 * MiB);
        reserve.Measured(500 * MiB, 0, 0, appendedBytes: 10 * MiB);
        Assert.False(reserve.IsOutdated(10 * MiB));
        Assert.True(reserve.IsOutdated(60 * MiB));
        Assert.True(reserve.HasRoomForEntries(10 * MiB));
        Assert.False(reserve.HasRoomForEntries(200 * MiB));
    }

    [Fact]
    public void Data_is_refused_when_a_quorum_lacks_room_and_not_before()
    {
        var rooms = new DiskRooms();
        Assert.Equal(long.MaxValue, rooms.Limit(Three, _ => true));
        rooms.Note("a", 900 * MiB, 0);
        rooms.Note("b", -1, 0);
        Assert.True(rooms.Limit(Three, _ => true) > 0);
        Assert.True(rooms.Lacks("b", 0));

        rooms.Note("c", 30 * MiB, 0);
        Assert.Equal(10 * MiB, rooms.Limit(Three, _ => true));
        rooms.Note("c", -5, 100);
        Assert.True(rooms.Limit(Three, _ => true) < 100);
        Assert.Equal("b, c", rooms.Lacking(Three, 100));

        // The leader is no quorum when one node lacks room and the other one is away.
        rooms.Note("c", 900 * MiB, 100);
        Assert.True(rooms.Limit(Three, _ => true) > 100);
        Assert.True(rooms.Limit(Three, id => id != "c") < 100);
        rooms.Clear();
        Assert.Equal(long.MaxValue, rooms.Limit(Three, id => id == "a"));
    }

    [Fact]
    public void On_a_small_volume_files_are_smaller_and_a_volume_that_is_too_small_is_named()
    {
        Assert.Equal(64 * MiB, VolumeSizes.LogSegmentBytes(1L << 40, 64 * 1024 * 1024));
        Assert.Equal(6 * MiB, VolumeSizes.LogSegmentBytes(200 * MiB, 64 * 1024 * 1024));
        Assert.Equal(MiB, VolumeSizes.LogSegmentBytes(20 * MiB, 64 * 1024 * 1024));
        var error = Assert.Throws<RaftKvStorageException>(() => VolumeSizes.Check(15 * MiB, new RaftKvOptions { DataDirectory = "/data" }));
        Assert.Equal(RaftKvStorageError.DiskFull, error.Error);
        Assert.Contains("/data", error.Message, StringComparison.Ordinal);
        VolumeSizes.Check(16 * MiB, new RaftKvOptions());
    }
}
