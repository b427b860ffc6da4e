using System.Globalization;
using System.Text;
using RaftKv.Embedded.Primitives;
using RaftKv.Embedded.Records;
using RaftKv.Embedded.StateMachine;
using RaftKv.Embedded.Storage;
using RaftKv.Embedded.Tests.StateMachine;
using Xunit;

namespace RaftKv.Embedded.Tests.Storage;

/// <summary>Checkpoints of the store are exact while the writer continues, also without room on the disk.</summary>
public sealed class FasterKvStoreCutTests : FasterKvStoreWorld
{
    /// <summary>After most keys were deleted to make room, a snapshot of the rest must not need the room that it would free.</summary>
    [Fact]
    public void A_store_that_holds_little_is_cut_without_room_on_the_disk()
    {
        var store = OpenStore();
        for (var key = 0; key < 3_000; key++)
            Put(store, key, version: 1, bytes: 4_000);
        for (var key = 0; key < 3_000; key++)
        {
            if (key != 1)
                store.Remove(Key(key));
        }
        Put(store, 7, version: 9, bytes: 100);
        Disk.FreeBytes = 0;

        using var cut = store.Checkpoint(long.MaxValue);
        Put(store, 8, version: 10, bytes: 100);

        var seen = new List<(string Key, long Version, bool Deleted)>();
        cut.Visit((ReadOnlySpan<byte> key, in RecordHeader header, ReadOnlySpan<byte> value, bool deleted) =>
            seen.Add((Encoding.UTF8.GetString(key), header.Version, deleted)), CancellationToken.None);
        Assert.Equal([(Encoding.UTF8.GetString(Key(1)), 1L, false), (Encoding.UTF8.GetString(Key(7)), 9L, false)], seen);
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
        using var cut = store.Checkpoint(version);
        for (var key = 0; key < Keys; key += 3)
            Put(store, key, ++version, 1_200);
        for (var key = 1; key < Keys; key += 10)
            store.Remove(Key(key));

        var visits = 0;
        var deletions = new List<int>();
        var last = new Dictionary<string, (long Version, int Bytes)>();
        cut.Visit(Visit, CancellationToken.None);

        Assert.Equal(Keys - Keys / 10, last.Count);
        for (var key = 0; key < Keys; key++)
            Assert.Equal(key % 10 != 0, last.TryGetValue(Encoding.UTF8.GetString(Key(key)), out var seen) && seen == (3L * Keys + key + 1, 700));
        // Each key was written four times. Only keys that were written or deleted after the checkpoint may be visited more than once.
        Assert.InRange(visits, Keys - Keys / 10, Keys + (Keys / 3 + Keys / 10) * 4);
        Assert.DoesNotContain(deletions, key => key % 10 == 0 && key % 3 != 0);

        void Visit(ReadOnlySpan<byte> key, in RecordHeader header, ReadOnlySpan<byte> value, bool deleted)
        {
            visits++;
            var name = Encoding.UTF8.GetString(key);
            if (deleted)
                deletions.Add(int.Parse(name["key-".Length..], CultureInfo.InvariantCulture));
            if (deleted)
                last.Remove(name);
            else
                last[name] = (header.Version, value.Length);
        }
    }

    [Fact]
    public void Only_one_cut_is_alive_at_a_time()
    {
        var store = OpenStore();
        var cut = store.Checkpoint(long.MaxValue);
        Assert.Throws<InvalidOperationException>(() => store.Checkpoint(long.MaxValue));
        cut.Dispose();
        cut.Dispose();
        store.Checkpoint(long.MaxValue).Dispose();
    }

    [Fact]
    public void A_cut_cannot_be_visited_once_its_store_is_gone()
    {
        var store = OpenStore();
        Put(store, 1, 1, 8);
        var cut = store.Checkpoint(long.MaxValue);
        store.Dispose();
        Stores.Clear();

        Assert.Throws<ObjectDisposedException>(() => cut.Visit((ReadOnlySpan<byte> _, in RecordHeader _, ReadOnlySpan<byte> _, bool _) => { }, CancellationToken.None));
        Assert.Throws<ObjectDisposedException>(() => Read(store, 1));
    }
}
