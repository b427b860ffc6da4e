using System.Text;
using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.StateMachine;
using RaftKv.Embedded.Storage;
using RaftKv.Embedded.Tests.Formats;
using RaftKv.Embedded.Tests.StateMachine;
using Xunit;

namespace RaftKv.Embedded.Tests.Storage;

public sealed class SnapshotStoreTests
{
    private static readonly Guid Cluster = Guid.Parse("00112233-4455-6677-8899-aabbccddeeff");
    private static readonly string Snapshots = Path.Combine("data", "snapshots");

    private readonly MemoryFileSystem _disk = new();
    private readonly KvStateMachine _machine = new(new DictionaryKvStore());
    private readonly Entries _log;
    private readonly long _session;
    private long _sequence;

    public SnapshotStoreTests()
    {
        _log = new Entries(_machine);
        _session = _log.Open(nonce: Cluster);
        _log.Apply(new ClusterConfiguration([new Member("node1", "127.0.0.1:1111", Cluster, MemberRole.Voter)]).Encode(), EntryKind.Configuration);
        Change("b", "2");
        Change("a", "1");
    }

    private SnapshotStore OpenStore() => new(_disk, Snapshots);

    private void Change(string key, string value) => _log.Set(_session, ++_sequence, key, value);

    private SnapshotInfo Write(SnapshotStore store)
    {
        using var snapshot = _machine.CaptureSnapshot();
        return store.Write(Cluster, snapshot, CancellationToken.None);
    }

    private static ulong LoadNewest(SnapshotStore store, out EntryId last)
    {
        var damaged = new List<RaftKvStorageException>();
        last = store.OpenNewest(damaged)!.Value.Last;
        var records = new DictionaryKvStore();
        var content = store.Load(last, records, CancellationToken.None);
        Assert.Equal(Cluster, content.ClusterId);
        return new KvStateMachine(records, content.State).Digest();
    }

    private string PathOf(EntryId last) => Path.Combine(Snapshots, $"snapshot-{last.Index:D19}-{last.Term:D19}.snap");

    private static RaftKvStorageException AssertRefused(Action action)
    {
        var refused = Assert.Throws<RaftKvStorageException>(action);
        Assert.True(refused.Error is RaftKvStorageError.Damaged, refused.Message);
        return refused;
    }

    [Fact]
    public void A_snapshot_gives_the_whole_state_back()
    {
        using var store = OpenStore();
        var written = Write(store);

        Assert.Equal(_machine.Digest(), LoadNewest(store, out var last));
        Assert.Equal(_machine.Applied, last);
        Assert.Equal([written], store.List());
    }

    [Fact]
    public void The_format_is_the_released_one()
    {
        using var store = OpenStore();
        GoldenFile.Holds("snapshot-v1.bin", _disk.Read(PathOf(Write(store).Last)));
    }

    [Fact]
    public void The_format_of_lifetimes_leases_and_results_is_the_released_one()
    {
        using var store = OpenStore();
        var grant = new byte[KvCommand.LeaseBytes];
        KvCommand.WriteLease(grant, KvOperation.GrantLease, 5_000);
        KvCommand.Patch(grant, _session, ++_sequence, 0);
        var lease = _log.Apply(grant).Version;
        SetFor("expires", new KvLifetime(false, TimeToLiveMs: 1_000));
        SetFor("slides", new KvLifetime(false, TimeToLiveMs: 1_000, SlidingMs: 100));
        SetFor("leased", new KvLifetime(false, LeaseId: lease));
        _log.Apply(Transactions.Do(Transactions.Get("a"), Transactions.Add("n", 7)).Command(_session, ++_sequence));
        // A new term, and before it a time without a leader.
        _machine.Apply(new LogEntry(2, _log.Last + 1, _log.NowMs + 700, EntryKind.NoOp, default));

        var last = Write(store).Last;

        Assert.Equal(_machine.Digest(), LoadNewest(store, out _));
        GoldenFile.Holds("snapshot-lifetimes-v1.bin", _disk.Read(PathOf(last)));
        var records = new DictionaryKvStore();
        var content = store.Load(last, records, CancellationToken.None);
        Assert.Equal(["expires", "leased", "slides"], content.Mortal.Select(Encoding.UTF8.GetString));
        Assert.Equal(_machine.Digest(), new KvStateMachine(records, content.State, content.Mortal).Digest());
        Assert.Equal(_machine.NextDueMs, new KvStateMachine(records, content.State, content.Mortal).NextDueMs);

        void SetFor(string key, KvLifetime lifetime)
        {
            var command = new byte[KvCommand.SetBytes(key.Length, 1) + KvLifetime.Bytes];
            KvCommand.WriteSet(command, default, lifetime, Encoding.UTF8.GetBytes(key), "v"u8);
            KvCommand.Patch(command, _session, ++_sequence, 0);
            _log.Apply(command);
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
        var good = _disk.Read(PathOf(info.Last));
        for (var at = 0; at < good.Length; at++)
        {
            var bad = good.ToArray();
            bad[at] ^= (byte)(1 << (at % 8));
            _disk.Replace(PathOf(info.Last), bad);
            AssertRefused(() => store.Load(info.Last, new DictionaryKvStore(), CancellationToken.None));
        }
    }

    [Fact]
    public void A_snapshot_cut_off_anywhere_or_with_bytes_behind_it_is_refused()
    {
        using var store = OpenStore();
        var info = Write(store);
        var good = _disk.Read(PathOf(info.Last));
        for (var length = 0; length < good.Length; length++)
        {
            _disk.Replace(PathOf(info.Last), good[..length]);
            AssertRefused(() => store.Load(info.Last, new DictionaryKvStore(), CancellationToken.None));
        }
        _disk.Replace(PathOf(info.Last), [.. good, 0]);
        AssertRefused(() => store.Load(info.Last, new DictionaryKvStore(), CancellationToken.None));
    }

    [Fact]
    public void The_header_of_one_snapshot_does_not_fit_the_records_of_another()
    {
        using var store = OpenStore();
        var first = Write(store);
        _log.Set(_session, _sequence, "a", "retried: the state is the same, the index is not");
        var second = Write(store);
        var (one, two) = (_disk.Read(PathOf(first.Last)), _disk.Read(PathOf(second.Last)));
        var header = 16 + BitConverter.ToInt32(one, 12) + 4;

        Assert.Equal(one.Length, two.Length);
        _disk.Replace(PathOf(second.Last), [.. two[..header], .. one[header..]]);
        AssertRefused(() => store.Load(second.Last, new DictionaryKvStore(), CancellationToken.None));
    }

    [Fact]
    public void A_length_that_cannot_be_takes_no_memory()
    {
        using var store = OpenStore();
        var info = Write(store);
        var bad = _disk.Read(PathOf(info.Last));
        var chunk = 16 + BitConverter.ToInt32(bad, 12) + 4;
        foreach (var length in (uint[])[uint.MaxValue, int.MaxValue, SnapshotFile.MaxChunkBytes])
        {
            BitConverter.TryWriteBytes(bad.AsSpan(chunk + 4), length);
            _disk.Replace(PathOf(info.Last), bad);
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

        var bad = _disk.Read(PathOf(info.Last));
        bad[bad.Length / 2] ^= 1;
        _disk.Replace(PathOf(info.Last), bad);
        Assert.Contains(PathOf(info.Last), store.SetAsideIfDamaged(info.Last)!.Message);
        Assert.Empty(store.List());
        Assert.Null(store.SetAsideIfDamaged(info.Last));

        // The state is whole: another one of the same entry takes its place.
        Assert.Equal([Write(store)], store.List());
    }

    [Fact]
    public void A_damaged_newest_one_is_set_aside_for_the_one_before()
    {
        using var store = OpenStore();
        var digest = _machine.Digest();
        var first = Write(store);
        Change("c", "3");
        var second = Write(store);
        _disk.Replace(PathOf(second.Last), _disk.Read(PathOf(second.Last))[..^1]);
        var damaged = new List<RaftKvStorageException>();

        Assert.Equal(first, store.OpenNewest(damaged));
        Assert.Contains(PathOf(second.Last), Assert.Single(damaged).Message);
        Assert.Equal(digest, LoadNewest(store, out _));
        Assert.True(_disk.FileExists(PathOf(second.Last) + ".damaged"));
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
        var old = (Write(store).Last, _machine.Digest());
        Change("c", "2");
        Change("d", "3");
        _disk.CutPowerAt(_disk.Operations + 1 + changes);
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
            _disk.CrashKeepingAll();
        else
            _disk.CrashLosingAll();

        using var reopened = OpenStore();
        var digest = LoadNewest(reopened, out var last);
        if (finished || last != old.Last)
            Assert.Equal((_machine.Applied, _machine.Digest()), (last, digest));
        else
            Assert.Equal(old, (last, digest));
        Assert.DoesNotContain(_disk.ListFiles(Snapshots), name => name.EndsWith(".tmp", StringComparison.Ordinal));
        return finished;
    }

    [Fact]
    public void A_cancelled_snapshot_leaves_nothing()
    {
        using var store = OpenStore();
        using var snapshot = _machine.CaptureSnapshot();
        var cancelled = new KvSnapshot(snapshot.State, new CancelledCut(), snapshot.KeyCount);

        Assert.Throws<OperationCanceledException>(() => store.Write(Cluster, cancelled, CancellationToken.None));
        Assert.Empty(_disk.ListFiles(Snapshots));
    }

    private sealed class CancelledCut : IKvStoreCut
    {
        public void Visit(KvRecordVisitor visit, CancellationToken cancellationToken) => throw new OperationCanceledException();

        public void Dispose() { }
    }

    [Fact]
    public void A_large_record_and_a_large_session_table_travel_too()
    {
        using var store = OpenStore();
        Change("large", new string('x', 3 * 1024 * 1024));
        for (var i = 0; i < 20_000; i++)
            _log.Open();
        for (var i = 0; i < 60_000; i++)
            _log.Delete(_log.Last, 60_000 - i, "nothing");
        Write(store);

        Assert.Equal(_machine.Digest(), LoadNewest(store, out _));
    }

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
        Assert.Equal(_machine.Digest(), LoadNewest(to, out _));
        disk.CrashLosingAll();
        using var reopened = new SnapshotStore(disk, Snapshots);
        Assert.Equal(_machine.Digest(), LoadNewest(reopened, out _));
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
        var bytes = _disk.Read(PathOf(info.Last));
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
        var bytes = _disk.Read(PathOf(info.Last));
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
        var digest = _machine.Digest();
        Change("c", "3");
        var second = Write(from);
        var bytes = _disk.Read(PathOf(second.Last));
        bytes[bytes.Length / 2] ^= 1;
        to.BeginReceive(second.Last, second.Bytes);
        to.WriteChunk(second.Last, 0, bytes);

        AssertRefused(() => Complete(to, second.Last, Cluster));
        Assert.Equal(digest, LoadNewest(to, out _));
        Assert.Equal(0, to.BeginReceive(second.Last, second.Bytes));
        to.WriteChunk(second.Last, 0, _disk.Read(PathOf(second.Last)));
        AssertRefused(() => Complete(to, second.Last, Guid.Empty));
        Assert.Single(disk.ListFiles(Snapshots));
    }

    [Fact]
    public void A_snapshot_that_does_not_fit_the_disk_is_refused_before_it_is_sent()
    {
        using var store = OpenStore();
        _disk.FreeBytes = 1000;

        var refused = Assert.Throws<RaftKvStorageException>(() => store.BeginReceive(new EntryId(1, 1), 1001));
        Assert.Equal(RaftKvStorageError.DiskFull, refused.Error);
        Assert.Empty(_disk.ListFiles(Snapshots));
    }

    [Fact]
    public void One_that_is_being_sent_stays_readable_after_newer_ones_replaced_it()
    {
        using var store = OpenStore();
        var sent = Write(store);
        var bytes = _disk.Read(PathOf(sent.Last));
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

    [Fact]
    public void A_snapshot_of_a_newer_format_is_named_not_set_aside()
    {
        using var store = OpenStore();
        var info = Write(store);
        var newer = _disk.Read(PathOf(info.Last));
        newer[8] = 2;
        var header = 16 + BitConverter.ToInt32(newer, 12);
        BitConverter.TryWriteBytes(newer.AsSpan(header), Crc32C.Compute(newer.AsSpan(0, header)));
        _disk.Replace(PathOf(info.Last), newer);

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
