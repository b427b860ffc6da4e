using System.Buffers.Binary;
using System.Text;
using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.StateMachine;
using RaftKv.Embedded.Storage;
using RaftKv.Embedded.Tests.StateMachine;
using Xunit;

namespace RaftKv.Embedded.Tests.Storage;

public sealed class FasterKvStoreTests : IDisposable
{
    private readonly string _scratch = Directory.CreateTempSubdirectory("raftkv-store-").FullName;
    private readonly List<FasterKvStore> _stores = [];
    private readonly FaultyFileSystem _disk = new(new OsFileSystem());

    private static readonly FasterKvStoreSettings Small = new() { MemoryBudgetBytes = 16 * 1024 * 1024, MaxValueBytes = 500 * 1024 };

    private FasterKvStore OpenStore(FasterKvStoreSettings? settings = null)
    {
        var store = new FasterKvStore(_disk, Path.Combine(_scratch, $"{_stores.Count}"), settings ?? Small);
        _stores.Add(store);
        return store;
    }

    public void Dispose()
    {
        foreach (var store in _stores)
            store.Dispose();
        Directory.Delete(_scratch, recursive: true);
    }

    private static byte[] Key(long i) => Encoding.UTF8.GetBytes($"key-{i:D12}");

    private static void Put(FasterKvStore store, long key, long version, int bytes) =>
        store.Put(Key(key), new RecordHeader(version, 1, version), Value(key, version, bytes));

    /// <summary>Each word of a value names its key and version: a mixture of two writes is noticed.</summary>
    private static byte[] Value(long key, long version, int bytes)
    {
        var value = new byte[bytes];
        for (var i = 0; i + 8 <= bytes; i += 8)
            BinaryPrimitives.WriteInt64LittleEndian(value.AsSpan(i), key * 1_000_003 + version);
        return value;
    }

    private static bool IsWhole(in RecordHeader header, ReadOnlySpan<byte> value, long key)
    {
        for (var i = 0; i + 8 <= value.Length; i += 8)
        {
            if (BinaryPrimitives.ReadInt64LittleEndian(value[i..]) != key * 1_000_003 + header.Version)
                return false;
        }
        return header.WriteCount == header.Version;
    }

    private static (long Version, int Bytes)? Read(FasterKvStore store, long key)
    {
        var found = store.TryRead(Key(key), key, static (in RecordHeader header, ReadOnlySpan<byte> value, long key) =>
            (IsWhole(header, value, key), header.Version, value.Length), out var seen);
        Assert.True(!found || seen.Item1, $"key {key} is torn");
        return found ? (seen.Version, seen.Length) : null;
    }

    [Fact]
    public void What_was_put_is_read_until_it_is_removed()
    {
        var store = OpenStore();
        var header = new RecordHeader(7, 5, 2, 11, 13);
        store.Put("k"u8, header, "value"u8);

        Assert.True(store.TryGetHeader("k"u8, out var read));
        Assert.Equal(header, read);
        Assert.True(store.TryRead("k"u8, "!", (in RecordHeader h, ReadOnlySpan<byte> v, string s) => Encoding.UTF8.GetString(v) + s + h.LeaseId, out var text));
        Assert.Equal("value!13", text);
        Assert.Equal(1, store.Count);
        Assert.True(store.Remove("k"u8));
        Assert.False(store.Remove("k"u8));
        Assert.False(store.TryGetHeader("k"u8, out _));
        Assert.False(store.TryRead("k"u8, 0, (in RecordHeader _, ReadOnlySpan<byte> _, int _) => "there", out text));
        Assert.Null(text);
        Assert.Equal(0, store.Count);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(500 * 1024)]
    public void Values_of_every_size_up_to_the_limit_fit(int bytes)
    {
        var store = OpenStore();
        for (var version = 1; version <= 100; version++)
            Put(store, 1, version, bytes);

        Assert.Equal((100, bytes), Read(store, 1));
    }

    [Fact]
    public void The_default_limits_fit_the_default_budget()
    {
        var store = OpenStore(new FasterKvStoreSettings());
        for (var i = 0; i < 200; i++)
            Put(store, i, 1, 1024 * 1024);

        for (var i = 0; i < 200; i++)
            Assert.Equal((1, 1024 * 1024), Read(store, i));
    }

    [Fact]
    public void An_exception_of_the_reader_reaches_the_caller_and_harms_nothing()
    {
        var store = OpenStore();
        Put(store, 1, 1, 8);
        for (var i = 0; i < 200; i++)
            Assert.Throws<FormatException>(() => store.TryRead(Key(1), 0, (in RecordHeader _, ReadOnlySpan<byte> _, int _) => throw new FormatException(), out int _));

        Put(store, 1, 2, 8);
        Assert.Equal((2, 8), Read(store, 1));
    }

    [Fact]
    public void Reading_takes_no_garbage()
    {
        var store = OpenStore();
        Put(store, 1, 1, 100);
        var key = Key(1);
        RecordReader<long, long> read = static (in RecordHeader header, ReadOnlySpan<byte> value, long state) => header.Version + value.Length + state;
        Assert.True(store.TryRead(key, 1L, read, out var sum) && sum == 102);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
            store.TryRead(key, 1L, read, out sum);

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public async Task Readers_beside_the_writer_see_only_whole_values_and_never_an_older_one()
    {
        var store = OpenStore();
        const int Keys = 8;
        for (var key = 0; key < Keys; key++)
            Put(store, key, 1, 16);
        using var stop = new CancellationTokenSource();
        var readers = Enumerable.Range(0, 3).Select(_ => Task.Run(() =>
        {
            var newest = new long[Keys];
            for (var i = 0; !stop.IsCancellationRequested; i++)
            {
                var seen = Read(store, i % Keys);
                Assert.NotNull(seen);
                Assert.True(seen.Value.Version >= newest[i % Keys]);
                newest[i % Keys] = seen.Value.Version;
            }
        }, TestContext.Current.CancellationToken)).ToArray();
        var random = new Prng(3);
        for (var version = 2L; version < 300_000; version++)
        {
            Put(store, version % Keys, version, (int)random.Below(300));
            store.MaintainSpace();
        }
        await stop.CancelAsync();
        await Task.WhenAll(readers);
    }

    [Fact]
    public void Overwrites_of_varying_size_keep_the_log_flat()
    {
        var store = OpenStore();
        var random = new Prng(4);
        const int Keys = 10_000;
        var versions = new (long Version, int Bytes)[Keys];
        var largest = 0L;
        for (var version = 1L; version <= 1_000_000; version++)
        {
            var key = random.Below(Keys);
            versions[key] = (version, 20 + (int)random.Below(180));
            Put(store, key, version, versions[key].Bytes);
            store.MaintainSpace();
            largest = Math.Max(largest, store.LogBytes);
        }

        Assert.InRange(largest, 0, 24 * 1024 * 1024);
        for (var key = 0; key < Keys; key++)
            Assert.Equal(versions[key], Read(store, key));
    }

    [Fact]
    public async Task Space_of_dead_records_comes_back_and_readers_never_miss_a_key_meanwhile()
    {
        var store = OpenStore();
        var random = new Prng(6);
        const int Keys = 20_000;
        var model = new Dictionary<long, (long, int)>();
        for (var key = 0; key < Keys; key++)
            Put(store, key, 1, 100);
        using var stop = new CancellationTokenSource();
        var readers = Enumerable.Range(0, 2).Select(r => Task.Run(() =>
        {
            for (var i = r; !stop.IsCancellationRequested; i += 7)
                Assert.Equal((1, 100), Read(store, i % Keys));
        }, TestContext.Current.CancellationToken)).ToArray();
        var (written, largest) = (0L, 0L);
        for (var version = 2L; version <= 400_000; version++)
        {
            // Keys that die and come back always append: without maintenance this log only grows.
            var key = Keys + random.Below(Keys);
            var bytes = (int)random.Below(1000);
            if (model.Remove(key))
                store.Remove(Key(key));
            else
            {
                model[key] = (version, bytes);
                Put(store, key, version, bytes);
                written += bytes;
            }
            store.MaintainSpace();
            largest = Math.Max(largest, store.LogBytes);
        }
        await stop.CancelAsync();
        await Task.WhenAll(readers);

        Assert.True(written > 80_000_000);
        Assert.InRange(largest, 0, 60_000_000);
        for (var key = 0L; key < 2 * Keys; key++)
            Assert.Equal(key < Keys ? (1, 100) : model.TryGetValue(key, out var seen) ? seen : null, Read(store, key));
        Assert.Equal(Keys + model.Count, store.Count);
    }

    [Fact]
    public void Space_that_is_given_back_never_takes_a_record_back_to_before_its_last_use()
    {
        var store = OpenStore();
        var random = new Prng(8);
        const int Keys = 5_000;
        var used = new RecordHeader[Keys];
        for (var key = 0; key < Keys; key++)
            Use(key, new RecordHeader(key + 1, key + 1, 1, ExpiresAtMs: 1_000, SlidingMs: 1_000));
        var moved = 0L;
        for (var now = 1L; now <= 200_000; now++)
        {
            // A use changes the end and neither version nor value. Keys that go and come back always append: the log grows and its begin moves.
            var key = (int)random.Below(Keys);
            Use(key, used[key].UsedAt(now));
            var other = Keys + (long)random.Below(Keys);
            if (!store.Remove(Key(other)))
                Put(store, other, Keys + now, 800);
            var before = store.LogBytes;
            store.MaintainSpace();
            moved += Math.Max(0, before - store.LogBytes);
        }

        Assert.True(moved > 50_000_000);
        for (var key = 0; key < Keys; key++)
        {
            Assert.True(store.TryGetHeader(Key(key), out var header));
            Assert.Equal(used[key], header);
        }

        void Use(int key, RecordHeader header)
        {
            used[key] = header;
            store.Put(Key(key), header, Value(key, header.Version, 64));
        }
    }

    [Fact]
    public async Task More_than_memory_holds_is_read_from_disk()
    {
        var store = OpenStore();
        const int Keys = 250_000;
        for (var key = 0; key < Keys; key++)
        {
            Put(store, key, 1, 400);
            store.MaintainSpace();
        }
        Assert.True(store.LogBytes > 100 * 1024 * 1024);
        for (var key = 0; key < Keys; key += 5)
            Put(store, key, 2, 100);
        for (var key = 1; key < Keys; key += 5)
            Assert.True(store.Remove(Key(key)));

        await Task.WhenAll(Enumerable.Range(0, 3).Select(r => Task.Run(() =>
        {
            for (long key = r; key < Keys; key += 3)
                Assert.Equal((key % 5) switch { 0 => (2, 100), 1 => null, _ => (1, 400) }, Read(store, key));
            Assert.Null(Read(store, Keys + r));
        }, TestContext.Current.CancellationToken)));
        for (var key = 2; key < Keys; key += 1000)
            Assert.True(store.TryGetHeader(Key(key), out var header) == (key % 5 != 1) && (key % 5 == 1 || header.Version is 1 or 2));
    }

    [Fact]
    public async Task A_cut_is_exact_while_the_writer_runs_on()
    {
        var store = OpenStore();
        var machine = new KvStateMachine(store);
        var model = new KvStateMachine(new DictionaryKvStore());
        var log = new Entries(machine, model);
        var session = log.Open(uint.MaxValue);
        var random = new Prng(9);
        var sequence = 0L;
        Write(30_000);
        for (var round = 0; round < 4; round++)
        {
            using var snapshot = machine.CaptureSnapshot();
            var expected = model.Digest();
            var restored = Task.Run(() =>
            {
                var records = new DictionaryKvStore();
                snapshot.Records.Visit((ReadOnlySpan<byte> key, in RecordHeader header, ReadOnlySpan<byte> value, bool deleted) =>
                {
                    if (deleted)
                        records.Remove(key);
                    else
                        records.Put(key, header, value);
                }, CancellationToken.None);
                Assert.Equal(snapshot.KeyCount, records.Count);
                return new KvStateMachine(records, snapshot.State).Digest();
            }, TestContext.Current.CancellationToken);
            while (!restored.IsCompleted)
                Write(1000);
            Assert.Equal(expected, await restored);
            snapshot.Dispose();
            Write(20_000);
        }
        Assert.Equal(model.Digest(), machine.Digest());

        void Write(int count)
        {
            for (var i = 0; i < count; i++)
            {
                var key = Key(random.Below(5_000));
                var command = random.Below(4) == 0
                    ? Entries.DeleteCommand(session, ++sequence, key, default, sequence)
                    : Entries.SetCommand(session, ++sequence, key, new byte[random.Below(3000)], default, sequence);
                log.Apply(command);
                store.MaintainSpace();
            }
        }
    }

    [Fact]
    public void A_snapshot_of_one_store_loads_into_another()
    {
        var machine = new KvStateMachine(OpenStore());
        var log = new Entries(machine);
        var session = log.Open();
        for (var i = 1; i <= 100_000; i++)
            log.Apply(i % 7 == 0 ? Entries.DeleteCommand(session, i, Key(i / 2), default, i) : Entries.SetCommand(session, i, Key(i % 40_000), Value(i, i, i % 600), default, i));
        using var snapshots = new SnapshotStore(new MemoryFileSystem(), "snapshots");
        SnapshotInfo info;
        using (var snapshot = machine.CaptureSnapshot())
            info = snapshots.Write(Guid.Empty, snapshot, CancellationToken.None);
        var store = OpenStore();
        var restored = new KvStateMachine(store, snapshots.Load(info.Last, store, CancellationToken.None).State);

        Assert.Equal(machine.Digest(), restored.Digest());
    }

    [Fact]
    public void A_cut_leaves_out_what_had_a_successor_and_nothing_that_got_one_since()
    {
        var store = OpenStore();
        const int Keys = 10_000;
        var version = 0L;
        for (var round = 0; round < 4; round++)
        {
            for (var key = 0; key < Keys; key++)
                Put(store, key, ++version, 100 + 200 * round);
        }
        for (var key = 0; key < Keys; key += 10)
            store.Remove(Key(key));
        using var cut = store.Cut(version);
        for (var key = 0; key < Keys; key += 3)
            Put(store, key, ++version, 1_200);

        var visits = 0;
        var last = new Dictionary<string, (long Version, int Bytes)>();
        cut.Visit(Visit, CancellationToken.None);

        Assert.Equal(Keys - Keys / 10, last.Count);
        for (var key = 0; key < Keys; key++)
            Assert.Equal(key % 10 != 0, last.TryGetValue(Encoding.UTF8.GetString(Key(key)), out var seen) && seen == (3L * Keys + key + 1, 700));
        // Four of each were written; only of those that were written again since, or deleted, more than one may be seen.
        Assert.InRange(visits, Keys, Keys + (Keys / 3 + Keys / 10) * 4);

        void Visit(ReadOnlySpan<byte> key, in RecordHeader header, ReadOnlySpan<byte> value, bool deleted)
        {
            visits++;
            if (deleted)
                last.Remove(Encoding.UTF8.GetString(key));
            else
                last[Encoding.UTF8.GetString(key)] = (header.Version, value.Length);
        }
    }

    [Fact]
    public void Only_one_cut_is_alive_at_a_time()
    {
        var store = OpenStore();
        var cut = store.Cut(long.MaxValue);
        Assert.Throws<InvalidOperationException>(() => store.Cut(long.MaxValue));
        cut.Dispose();
        cut.Dispose();
        store.Cut(long.MaxValue).Dispose();
    }

    [Fact]
    public void A_cut_cannot_be_visited_once_its_store_is_gone()
    {
        var store = OpenStore();
        Put(store, 1, 1, 8);
        var cut = store.Cut(long.MaxValue);
        store.Dispose();
        _stores.Clear();

        Assert.Throws<ObjectDisposedException>(() => cut.Visit((ReadOnlySpan<byte> _, in RecordHeader _, ReadOnlySpan<byte> _, bool _) => { }, CancellationToken.None));
        Assert.Throws<ObjectDisposedException>(() => Read(store, 1));
    }

    [Fact]
    public void A_full_disk_is_an_error_not_a_hang()
    {
        var store = OpenStore();
        Put(store, 0, 1, 1000);
        _disk.FreeBytes = 1024 * 1024;

        var full = Assert.Throws<RaftKvStorageException>(() =>
        {
            for (var key = 1; key < 100_000; key++)
                Put(store, key, 1, 1000);
        });
        Assert.Equal(RaftKvStorageError.DiskFull, full.Error);
        Assert.Equal(RaftKvStorageError.DiskFull, Assert.Throws<RaftKvStorageException>(() => store.Cut(long.MaxValue)).Error);
        Assert.Equal((1, 1000), Read(store, 0));
    }

    [Fact]
    public void A_disk_that_fails_is_an_error_not_a_hang()
    {
        var store = OpenStore();
        // A directory where the first scratch file wants to be: every write of a page fails.
        Directory.CreateDirectory(Path.Combine(_scratch, "0", "hlog.0"));

        var failed = Assert.Throws<RaftKvStorageException>(() =>
        {
            for (var key = 1; key < 1_000_000; key++)
                Put(store, key, 1, 1000);
        });
        Assert.Equal(RaftKvStorageError.NotWritable, failed.Error);
        Assert.Throws<RaftKvStorageException>(() => Read(store, 1_000_001));
    }

    [Fact]
    public void Scratch_files_of_an_earlier_process_are_deleted()
    {
        var directory = Directory.CreateDirectory(Path.Combine(_scratch, "0")).FullName;
        File.WriteAllText(Path.Combine(directory, "hlog.7"), "left behind");
        File.WriteAllText(Path.Combine(directory, "precious"), "not ours");
        OpenStore();

        Assert.Equal(["precious"], Directory.GetFiles(directory).Select(Path.GetFileName));
    }

    [Fact]
    public void Keys_are_listed_in_order()
    {
        var store = OpenStore();
        foreach (var key in (int[])[5, 3, 9, 1])
            Put(store, key, 1, 8);
        store.Remove(Key(3));
        var keys = new List<byte[]>();

        Assert.Equal(2, store.CopyKeys(Key(1), after: true, default, 10, keys));
        Assert.Equal([Key(5), Key(9)], keys);
    }

    [Fact]
    public void Two_stores_that_apply_the_same_entries_are_the_same()
    {
        var machines = new[] { new KvStateMachine(OpenStore()), new KvStateMachine(OpenStore()), new KvStateMachine(new DictionaryKvStore()) };
        var log = new Entries(machines);
        var random = new Prng(12);
        var sessions = new[] { log.Open(5), log.Open(5), log.Open(5) };
        for (var i = 0; i < 50_000; i++)
        {
            log.NowMs += random.Below(3);
            var session = sessions[random.Below(3)];
            var sequence = 1 + random.Below(2000) + i;
            var when = random.Below(4) switch
            {
                0 => KvCondition.Exists,
                1 => KvCondition.NotExists,
                2 => KvCondition.VersionIs(new KvVersion(random.Below(log.Last))),
                _ => KvCondition.Always,
            };
            var key = $"k{random.Below(500)}";
            var result = random.Below(3) == 0
                ? log.Delete(session, sequence, key, when, acknowledgedBelow: i / 2)
                : log.Set(session, sequence, key, new string('v', (int)random.Below(200)), when, acknowledgedBelow: i / 2);
            if (result.Status == ApplyStatus.SessionExpired && random.Below(50) == 0)
                sessions[random.Below(3)] = log.Open(5);
            if (i % 10_000 == 0)
                machines[1].CaptureSnapshot().Dispose();
        }

        Assert.Equal(machines[0].Digest(), machines[1].Digest());
        Assert.Equal(machines[0].Digest(), machines[2].Digest());
    }
}
