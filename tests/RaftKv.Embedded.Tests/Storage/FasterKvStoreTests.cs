using System.Text;
using RaftKv.Embedded.Primitives;
using RaftKv.Embedded.Records;
using RaftKv.Embedded.StateMachine;
using RaftKv.Embedded.Storage;
using RaftKv.Embedded.Tests.StateMachine;
using Xunit;

namespace RaftKv.Embedded.Tests.Storage;

/// <summary>Reading and writing records, one thread or many.</summary>
public sealed class FasterKvStoreTests : FasterKvStoreWorld
{
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
        // A collection that another test causes rounds the thread's count up to its allocation buffer, so the smallest of several
        // measurements counts.
        var allocated = long.MaxValue;
        for (var attempt = 0; attempt < 5; attempt++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 1000; i++)
                store.TryRead(key, 1L, read, out sum);
            allocated = Math.Min(allocated, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(0, allocated);
    }

    /// <summary>The inner read would end FASTER's epoch protection of the outer one, whose callback still reads the record.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(200)]
    public void A_read_inside_a_read_is_refused_and_the_next_one_works(int threadsBefore)
    {
        var store = OpenStore();
        for (var key = 0; key < 3; key++)
            Put(store, key, key + 1, 16);
        // Threads with a large id share their sessions.
        using var release = new ManualResetEventSlim();
        var others = Enumerable.Range(0, threadsBefore).Select(_ => new Thread(release.Wait)).ToArray();
        Array.ForEach(others, thread => thread.Start());
        Exception? refused = null;
        (long Version, int Bytes)? after = null;
        var reader = new Thread(() =>
        {
            refused = Record.Exception(() => store.TryRead(Key(0), 0, (in RecordHeader _, ReadOnlySpan<byte> _, int _) => Read(store, 1), out var _));
            after = Read(store, 1);
        });
        reader.Start();
        reader.Join();
        release.Set();
        Array.ForEach(others, thread => thread.Join());

        Assert.Contains("inside the callback", Assert.IsType<InvalidOperationException>(refused).Message);
        Assert.Equal((2, 16), after);
    }

    [Fact]
    public void A_hundred_threads_read_at_once_and_disposal_waits_for_those_inside()
    {
        const int Threads = 100;
        var store = OpenStore();
        for (var key = 0; key < Threads; key++)
            Put(store, key, key + 1, 64);
        using var begin = new ManualResetEventSlim();
        var (reads, ended) = (0, 0);
        Thread[] readers = [.. Enumerable.Range(0, Threads).Select(key => new Thread(() =>
        {
            try
            {
                begin.Wait();
                while (Read(store, key) == (key + 1, 64))
                    Interlocked.Increment(ref reads);
            }
            catch (ObjectDisposedException)
            {
                Interlocked.Increment(ref ended);
            }
        }))];
        Array.ForEach(readers, r => r.Start());
        begin.Set();
        Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref reads) > 10_000, TimeSpan.FromSeconds(30)));

        store.Dispose();
        Stores.Remove(store);

        Assert.All(readers, r => Assert.True(r.Join(TimeSpan.FromSeconds(30))));
        Assert.Equal(Threads, ended);
    }

    [Fact]
    public void Keys_looked_at_ahead_of_time_are_read_as_they_are()
    {
        var store = OpenStore();
        // FASTER still keeps its index and pages in the layout that the prefetcher was written for.
        Assert.Equal(System.Runtime.Intrinsics.X86.Sse.IsSupported, store.CanPrefetch);
        var ahead = new Lookahead(store);
        ahead.Add(Key(1));
        ahead.Fetch();
        const int Keys = 300;
        for (var version = 1; version <= 60; version++)
        {
            // More than memory holds, in records that grow: some are on disk, some have a newer address.
            for (var key = 0; key < Keys; key++)
                Put(store, key, version, 100 * version);
            store.MaintainSpace();
            for (var key = 0; key < Keys + 100; key++)
                ahead.Add(Key(key));
            ahead.Fetch();
            for (var key = 0; key < Keys; key++)
                Assert.Equal((version, 100 * version), Read(store, key));
        }
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
