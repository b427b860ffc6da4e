using RaftKv.Embedded.Log;
using RaftKv.Embedded.Storage;
using RaftKv.Embedded.Tests.StateMachine;
using Xunit;

namespace RaftKv.Embedded.Tests.Storage;

/// <summary>A snapshot that is received in chunks arrives whole, or is thrown away.</summary>
public sealed class SnapshotTransferTests : SnapshotWorld
{
    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(100_000)]
    public void A_sent_snapshot_arrives_whole_in_pieces_of_any_size(int pieceBytes)
    {
        using var from = OpenStore();
        var info = Write(from);
        var disk = new MemoryFileSystem();
        using var to = new SnapshotStore(disk, Snapshots);

        Assert.Equal(info, Send(from, to, info, pieceBytes, from: to.BeginReceive(info.Last, info.Bytes)));
        Assert.Equal(Machine.Digest(), LoadNewest(to, out _));
        disk.CrashLosingAll();
        using var reopened = new SnapshotStore(disk, Snapshots);
        Assert.Equal(Machine.Digest(), LoadNewest(reopened, out _));
    }

    private static SnapshotInfo Send(SnapshotStore sender, SnapshotStore receiver, SnapshotInfo info, int pieceBytes, long from)
    {
        var piece = new byte[pieceBytes];
        for (var offset = from; offset < info.Bytes;)
        {
            var read = sender.ReadChunk(info.Last, offset, piece, out var total);
            Assert.Equal(info.Bytes, total);
            offset = receiver.WriteChunk(info.Last, offset, piece.AsSpan(0, read));
        }
        return Complete(receiver, info.Last, Cluster);
    }

    private static SnapshotInfo Complete(SnapshotStore receiver, EntryId last, Guid cluster)
    {
        receiver.LoadReceived(last, cluster, new DictionaryKvStore(), CancellationToken.None);
        return receiver.CompleteReceive(last);
    }

    [Fact]
    public void Pieces_twice_out_of_order_or_of_another_snapshot_change_nothing()
    {
        using var from = OpenStore();
        var info = Write(from);
        var bytes = Disk.Read(PathOf(info.Last));
        using var to = new SnapshotStore(new MemoryFileSystem(), Snapshots);
        to.BeginReceive(info.Last, info.Bytes);

        Assert.Equal(0, to.WriteChunk(info.Last, 10, bytes.AsSpan(10, 10)));
        Assert.Equal(10, to.WriteChunk(info.Last, 0, bytes.AsSpan(0, 10)));
        Assert.Equal(10, to.WriteChunk(info.Last, 0, bytes.AsSpan(0, 10)));
        Assert.Equal(0, to.WriteChunk(new EntryId(9, 9), 10, bytes.AsSpan(10, 10)));
        Assert.Equal(10, to.WriteChunk(info.Last, 10, [.. bytes.AsSpan(10), 0]));
        Assert.Equal(10, to.BeginReceive(info.Last, info.Bytes));
        Assert.Equal(info, Send(from, to, info, 64, from: 10));
    }

    [Fact]
    public void An_interrupted_transfer_goes_on_after_a_restart()
    {
        using var from = OpenStore();
        var info = Write(from);
        var bytes = Disk.Read(PathOf(info.Last));
        var disk = new MemoryFileSystem();
        using (var to = new SnapshotStore(disk, Snapshots))
        {
            to.BeginReceive(info.Last, info.Bytes);
            to.WriteChunk(info.Last, 0, bytes.AsSpan(0, 100));
        }
        disk.CrashKeepingAll();
        using var restarted = new SnapshotStore(disk, Snapshots);

        Assert.Equal(100, restarted.BeginReceive(info.Last, info.Bytes));
        Assert.Equal(info, Send(from, restarted, info, 64, from: 100));
    }

    [Fact]
    public void A_transfer_that_went_wrong_is_thrown_away_and_the_old_snapshot_stays()
    {
        using var from = OpenStore();
        var disk = new MemoryFileSystem();
        using var to = new SnapshotStore(disk, Snapshots);
        var first = Write(from);
        Send(from, to, first, 64, to.BeginReceive(first.Last, first.Bytes));
        var digest = Machine.Digest();
        Change("c", "3");
        var second = Write(from);
        var bytes = Disk.Read(PathOf(second.Last));
        bytes[bytes.Length / 2] ^= 1;
        to.BeginReceive(second.Last, second.Bytes);
        to.WriteChunk(second.Last, 0, bytes);

        AssertRefused(() => Complete(to, second.Last, Cluster));
        Assert.Equal(digest, LoadNewest(to, out _));
        Assert.Equal(0, to.BeginReceive(second.Last, second.Bytes));
        to.WriteChunk(second.Last, 0, Disk.Read(PathOf(second.Last)));
        AssertRefused(() => Complete(to, second.Last, Guid.Empty));
        Assert.Single(disk.ListFiles(Snapshots));
    }

    [Fact]
    public void A_snapshot_that_does_not_fit_the_disk_is_refused_before_it_is_sent()
    {
        using var store = OpenStore();
        Disk.FreeBytes = 1000;

        var refused = Assert.Throws<RaftKvStorageException>(() => store.BeginReceive(new EntryId(1, 1), 1001));
        Assert.Equal(RaftKvStorageError.DiskFull, refused.Error);
        Assert.Empty(Disk.ListFiles(Snapshots));
    }

    [Fact]
    public void One_that_is_being_sent_stays_readable_after_newer_ones_replaced_it()
    {
        using var store = OpenStore();
        var sent = Write(store);
        var bytes = Disk.Read(PathOf(sent.Last));
        var piece = new byte[10];
        store.ReadChunk(sent.Last, 0, piece, out _);
        for (var i = 0; i < 4; i++)
        {
            Change("c", $"{i}");
            Write(store);
            Assert.Equal(10, store.ReadChunk(sent.Last, 20, piece, out var total));
            Assert.Equal((sent.Bytes, true), (total, piece.AsSpan().SequenceEqual(bytes.AsSpan(20, 10))));
        }
        for (var i = 0; i < 2; i++)
        {
            Change("c", $"{i}");
            Write(store);
        }
        Assert.Equal(0, store.ReadChunk(sent.Last, 20, piece, out var gone));
        Assert.Equal(0, gone);
    }
}
