using System.Text;
using RaftKv.Embedded.Primitives;
using RaftKv.Embedded.Records;
using RaftKv.Embedded.StateMachine;
using RaftKv.Embedded.Storage;
using RaftKv.Embedded.Tests.StateMachine;
using Xunit;

namespace RaftKv.Embedded.Tests.Storage;

/// <summary>The space that records take in memory and on the disk, and a disk that is full or fails.</summary>
public sealed class FasterKvStoreSpaceTests : FasterKvStoreWorld
{
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
            largest = Math.Max(largest, store.DataBytes);
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
            // Keys that are deleted and written again always append, so without maintenance this log only grows.
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
            largest = Math.Max(largest, store.DataBytes);
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
    public void Dead_records_in_memory_are_given_back_through_a_disk_that_has_room_for_few_of_them()
    {
        var store = OpenStore();
        for (var key = 1; key <= 30; key++)
            Put(store, -key, 1, 400 * 1024);
        Put(store, 1, 1, 1000);
        for (var key = 1; key <= 30; key++)
            Assert.True(store.Remove(Key(-key)));
        Assert.True(store.UnflushedBytes > 8 * 1024 * 1024);

        Disk.FreeBytes = 4 * 1024 * 1024;
        var clock = System.Diagnostics.Stopwatch.StartNew();
        while (store.DataBytes > 4 * 1024 * 1024)
        {
            Assert.True(clock.Elapsed.TotalSeconds < 60, $"{store.DataBytes} bytes are still taken.");
            store.ReclaimSpace();
            store.MaintainSpace();
        }
        Assert.Equal((1, 1000), Read(store, 1));
        Assert.Equal(1, store.Count);
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
            // A use changes the expiry and neither version nor value. Keys that are deleted and written again always append, so the log
            // grows and its begin address moves.
            var key = (int)random.Below(Keys);
            Use(key, used[key].UsedAt(now));
            var other = Keys + (long)random.Below(Keys);
            if (!store.Remove(Key(other)))
                Put(store, other, Keys + now, 800);
            var before = store.DataBytes;
            store.MaintainSpace();
            moved += Math.Max(0, before - store.DataBytes);
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
        Assert.True(store.DataBytes > 100 * 1024 * 1024);
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
    public void A_full_disk_is_told_before_a_write_would_wait_for_room()
    {
        var store = OpenStore();
        Put(store, 0, 1, 1000);
        // More than a checkpoint without room on the disk copies.
        for (var key = 1; key <= 30; key++)
            Put(store, -key, 1, 400 * 1024);
        Assert.True(store.HasRoomFor(1000));
        Disk.FreeBytes = 1024 * 1024;
        var written = 0;
        while (store.HasRoomFor(1000))
        {
            Assert.True(written++ < 100_000);
            Put(store, written, 1, 1000);
        }

        Assert.Equal(RaftKvStorageError.DiskFull, Assert.Throws<RaftKvStorageException>(() => store.Checkpoint(long.MaxValue)).Error);
        Assert.Equal((1, 1000), Read(store, 0));
        Disk.FreeBytes = long.MaxValue;
        Assert.True(store.HasRoomFor(1000));
        store.Checkpoint(long.MaxValue).Dispose();
    }

    [Fact]
    public void A_disk_that_fails_is_an_error_not_a_hang()
    {
        var store = OpenStore();
        // A directory has the name of the first scratch file, so every write of a page fails.
        Directory.CreateDirectory(Path.Combine(Scratch, "0", "hlog.0"));

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
        var directory = Directory.CreateDirectory(Path.Combine(Scratch, "0")).FullName;
        File.WriteAllText(Path.Combine(directory, "hlog.7"), "left behind");
        File.WriteAllText(Path.Combine(directory, "precious"), "not ours");
        OpenStore();

        Assert.Equal(["precious"], Directory.GetFiles(directory).Select(Path.GetFileName));
    }
}
