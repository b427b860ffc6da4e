using System.Text;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Primitives;
using RaftKv.Embedded.Records;
using RaftKv.Embedded.StateMachine;
using RaftKv.Embedded.Storage;
using RaftKv.Embedded.Tests.Formats;
using RaftKv.Embedded.Tests.StateMachine;
using Xunit;

namespace RaftKv.Embedded.Tests.Storage;

/// <summary>Snapshot files: their formats, damage to them, crashes while they are written, and which of them are kept.</summary>
public sealed class SnapshotStoreTests : SnapshotWorld
{
    [Fact]
    public void A_snapshot_gives_the_whole_state_back()
    {
        using var store = OpenStore();
        var written = Write(store);

        Assert.Equal(Machine.Digest(), LoadNewest(store, out var last));
        Assert.Equal(Machine.Applied, last);
        Assert.Equal([written], store.List());
    }

    /// <summary>
    /// Another file under the name would mix two files in the chunks that a peer receives, whose records may be in another order.
    /// </summary>
    [Fact]
    public void A_second_snapshot_of_the_same_entry_leaves_the_first_as_it_is()
    {
        var disk = new FaultyFileSystem(Disk);
        using var store = new SnapshotStore(disk, Snapshots);
        var first = Write(store);
        disk.Before = (operation, path) => Assert.False(operation is DeviceOperation.Create or DeviceOperation.Rename or DeviceOperation.Delete, $"{operation} {path}");

        var second = Write(store);

        Assert.Equal(first, second);
        Assert.Equal([first], store.List());
    }

    [Fact]
    public void The_format_is_the_released_one()
    {
        using var store = OpenStore();
        GoldenFile.Holds("snapshot-v1.bin", Disk.Read(PathOf(Write(store).Last)));
    }

    [Fact]
    public void The_format_of_lifetimes_leases_and_results_is_the_released_one()
    {
        using var store = OpenStore();
        var grant = new byte[KvCommand.LeaseBytes];
        KvCommand.WriteLease(grant, KvOperation.GrantLease, 5_000);
        KvCommand.Patch(grant, Session, ++Sequence, 0);
        var lease = Log.Apply(grant).Version;
        SetFor("expires", new KvLifetime(false, TimeToLiveMs: 1_000));
        SetFor("slides", new KvLifetime(false, TimeToLiveMs: 1_000, SlidingMs: 100));
        SetFor("leased", new KvLifetime(false, LeaseId: lease));
        Log.Apply(Transactions.Do(Transactions.Get("a"), Transactions.Add("n", 7)).Command(Session, ++Sequence));
        // The first entry of a new term, after a time without a leader.
        Machine.Apply(new LogEntry(2, Log.Last + 1, Log.NowMs + 700, EntryKind.NoOp, default));

        var last = Write(store).Last;

        Assert.Equal(Machine.Digest(), LoadNewest(store, out _));
        GoldenFile.Holds("snapshot-lifetimes-v1.bin", Disk.Read(PathOf(last)));
        var records = new DictionaryKvStore();
        var content = store.Load(last, records, CancellationToken.None);
        Assert.Equal(["expires", "leased", "slides"], content.Expiring.Select(Encoding.UTF8.GetString));
        Assert.Equal(Machine.Digest(), new KvStateMachine(records, content.State, content.Expiring).Digest());
        Assert.Equal(Machine.NextDueMs, new KvStateMachine(records, content.State, content.Expiring).NextDueMs);

        void SetFor(string key, KvLifetime lifetime)
        {
            var command = new byte[KvCommand.SetBytes(key.Length, 1) + KvLifetime.Bytes];
            KvCommand.WriteSet(command, default, lifetime, Encoding.UTF8.GetBytes(key), "v"u8);
            KvCommand.Patch(command, Session, ++Sequence, 0);
            Log.Apply(command);
        }
    }

    [Fact]
    public void The_newest_two_are_kept()
    {
        using var store = OpenStore();
        var written = new List<SnapshotInfo>();
        for (var i = 0; i < 4; i++)
        {
            Change("c", $"{i}");
            written.Add(Write(store));
        }

        Assert.Equal([written[3], written[2]], store.List());
    }

    [Fact]
    public void Every_flipped_byte_is_noticed()
    {
        using var store = OpenStore();
        var info = Write(store);
        var good = Disk.Read(PathOf(info.Last));
        for (var at = 0; at < good.Length; at++)
        {
            var bad = good.ToArray();
            bad[at] ^= (byte)(1 << (at % 8));
            Disk.Replace(PathOf(info.Last), bad);
            AssertRefused(() => store.Load(info.Last, new DictionaryKvStore(), CancellationToken.None));
        }
    }

    [Fact]
    public void A_snapshot_cut_off_anywhere_or_with_bytes_behind_it_is_refused()
    {
        using var store = OpenStore();
        var info = Write(store);
        var good = Disk.Read(PathOf(info.Last));
        for (var length = 0; length < good.Length; length++)
        {
            Disk.Replace(PathOf(info.Last), good[..length]);
            AssertRefused(() => store.Load(info.Last, new DictionaryKvStore(), CancellationToken.None));
        }
        Disk.Replace(PathOf(info.Last), [.. good, 0]);
        AssertRefused(() => store.Load(info.Last, new DictionaryKvStore(), CancellationToken.None));
    }

    [Fact]
    public void The_header_of_one_snapshot_does_not_fit_the_records_of_another()
    {
        using var store = OpenStore();
        var first = Write(store);
        Log.Set(Session, Sequence, "a", "retried: the state is the same, the index is not");
        var second = Write(store);
        var (one, two) = (Disk.Read(PathOf(first.Last)), Disk.Read(PathOf(second.Last)));
        var header = 16 + BitConverter.ToInt32(one, 12) + 4;

        Assert.Equal(one.Length, two.Length);
        Disk.Replace(PathOf(second.Last), [.. two[..header], .. one[header..]]);
        AssertRefused(() => store.Load(second.Last, new DictionaryKvStore(), CancellationToken.None));
    }

    [Fact]
    public void A_length_that_cannot_be_takes_no_memory()
    {
        using var store = OpenStore();
        var info = Write(store);
        var bad = Disk.Read(PathOf(info.Last));
        var chunk = 16 + BitConverter.ToInt32(bad, 12) + 4;
        foreach (var length in (uint[])[uint.MaxValue, int.MaxValue, SnapshotFile.MaxChunkBytes])
        {
            BitConverter.TryWriteBytes(bad.AsSpan(chunk + 4), length);
            Disk.Replace(PathOf(info.Last), bad);
            var before = GC.GetAllocatedBytesForCurrentThread();
            AssertRefused(() => store.Load(info.Last, new DictionaryKvStore(), CancellationToken.None));
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4 * 1024 * 1024);
        }
    }

    [Fact]
    public void One_that_somebody_refused_is_set_aside_if_it_is_damaged_here()
    {
        using var store = OpenStore();
        var info = Write(store);
        Assert.Null(store.SetAsideIfDamaged(info.Last));
        Assert.Equal([info], store.List());

        var bad = Disk.Read(PathOf(info.Last));
        bad[bad.Length / 2] ^= 1;
        Disk.Replace(PathOf(info.Last), bad);
        Assert.Contains(PathOf(info.Last), store.SetAsideIfDamaged(info.Last)!.Message);
        Assert.Empty(store.List());
        Assert.Null(store.SetAsideIfDamaged(info.Last));

        // The state is undamaged, so another snapshot of the same entry takes the place of the damaged one.
        Assert.Equal([Write(store)], store.List());
    }

    [Fact]
    public void A_damaged_newest_one_is_set_aside_for_the_one_before()
    {
        using var store = OpenStore();
        var digest = Machine.Digest();
        var first = Write(store);
        Change("c", "3");
        var second = Write(store);
        Disk.Replace(PathOf(second.Last), Disk.Read(PathOf(second.Last))[..^1]);
        var damaged = new List<RaftKvStorageException>();

        Assert.Equal(first, store.OpenNewest(damaged));
        Assert.Contains(PathOf(second.Last), Assert.Single(damaged).Message);
        Assert.Equal(digest, LoadNewest(store, out _));
        Assert.True(Disk.FileExists(PathOf(second.Last) + ".damaged"));
    }

    [Fact]
    public void Without_a_snapshot_there_is_none()
    {
        using var store = OpenStore();

        Assert.Null(store.OpenNewest([]));
        Assert.Empty(store.List());
        Assert.Equal(0, store.ReadChunk(new EntryId(1, 1), 0, new byte[10], out var total));
        Assert.Equal(0, total);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_crash_between_any_two_operations_leaves_the_old_snapshot_or_the_new(bool lucky)
    {
        for (var changes = 0; ; changes++)
        {
            var test = new SnapshotStoreTests();
            if (test.CrashWhileWriting(changes, lucky))
                break;
            Assert.True(changes < 1000);
        }
    }

    private bool CrashWhileWriting(int changes, bool lucky)
    {
        var store = OpenStore();
        Change("c", "0");
        Write(store);
        Change("c", "1");
        var old = (Write(store).Last, Machine.Digest());
        Change("c", "2");
        Change("d", "3");
        Disk.CutPowerAt(Disk.Operations + 1 + changes);
        var finished = true;
        try
        {
            Write(store);
        }
        catch (PowerCutException)
        {
            finished = false;
        }
        if (lucky)
            Disk.CrashKeepingAll();
        else
            Disk.CrashLosingAll();

        using var reopened = OpenStore();
        var digest = LoadNewest(reopened, out var last);
        if (finished || last != old.Last)
            Assert.Equal((Machine.Applied, Machine.Digest()), (last, digest));
        else
            Assert.Equal(old, (last, digest));
        Assert.DoesNotContain(Disk.ListFiles(Snapshots), name => name.EndsWith(".tmp", StringComparison.Ordinal));
        return finished;
    }

    [Fact]
    public void A_cancelled_snapshot_leaves_nothing()
    {
        using var store = OpenStore();
        using var snapshot = Machine.CaptureSnapshot();
        var cancelled = new KvSnapshot(snapshot.State, new CancelledCut(), snapshot.KeyCount);

        Assert.Throws<OperationCanceledException>(() => store.Write(Cluster, cancelled, CancellationToken.None));
        Assert.Empty(Disk.ListFiles(Snapshots));
    }

    private sealed class CancelledCut : IStoreCheckpoint
    {
        public void Visit(CheckpointVisitor visit, CancellationToken cancellationToken) => throw new OperationCanceledException();

        public void Dispose() { }
    }

    [Fact]
    public void A_large_record_and_a_large_session_table_travel_too()
    {
        using var store = OpenStore();
        Change("large", new string('x', 3 * 1024 * 1024));
        for (var i = 0; i < 20_000; i++)
            Log.Open();
        for (var i = 0; i < 60_000; i++)
            Log.Delete(Log.Last, 60_000 - i, "nothing");
        Write(store);

        Assert.Equal(Machine.Digest(), LoadNewest(store, out _));
    }

    [Fact]
    public void A_snapshot_of_a_newer_format_is_named_not_set_aside()
    {
        using var store = OpenStore();
        var info = Write(store);
        var newer = Disk.Read(PathOf(info.Last));
        newer[8] = 2;
        var header = 16 + BitConverter.ToInt32(newer, 12);
        BitConverter.TryWriteBytes(newer.AsSpan(header), Crc32C.Compute(newer.AsSpan(0, header)));
        Disk.Replace(PathOf(info.Last), newer);

        Assert.Equal(RaftKvStorageError.NewerFormat, Assert.Throws<RaftKvStorageException>(() => store.OpenNewest([])).Error);
        Assert.Single(store.List());
    }

    [Fact]
    public void Records_with_a_lifetime_and_deletions_have_their_place_in_the_format()
    {
        var bytes = new byte[1000];
        var header = new RecordHeader(5, 4, 3, 2, 1);
        var size = SnapshotFile.SizeOf(3, header, 5, deleted: false);
        SnapshotFile.WriteRecord(bytes, "key"u8, header, "value"u8, deleted: false);
        SnapshotFile.WriteRecord(bytes.AsSpan(size), "gone"u8, default, default, deleted: true);
        ReadOnlySpan<byte> rest = bytes.AsSpan(0, size + SnapshotFile.SizeOf(4, default, 0, deleted: true));

        Assert.True(SnapshotFile.TryReadRecord(ref rest, out var key, out var read, out var value, out var deleted));
        Assert.Equal((header, "key", "value", false), (read, Encoding.UTF8.GetString(key), Encoding.UTF8.GetString(value), deleted));
        Assert.True(SnapshotFile.TryReadRecord(ref rest, out key, out _, out value, out deleted));
        Assert.Equal(("gone", 0, true), (Encoding.UTF8.GetString(key), value.Length, deleted));
        Assert.True(rest.IsEmpty);
    }
}
