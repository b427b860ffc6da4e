using System.Runtime.InteropServices;
using System.Text;
using RaftKv.Embedded.Client;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Records;
using RaftKv.Embedded.StateMachine;
using RaftKv.Embedded.Storage;
using RaftKv.Embedded.Tests.Hosting;
using RaftKv.Embedded.Tests.StateMachine;
using RaftKv.Embedded.Watch;
using Xunit;
using static RaftKv.Embedded.Tests.StateMachine.Transactions;

namespace RaftKv.Embedded.Tests.Watch;

/// <summary>The value of a key before each change, with a state machine and a history, and without a replica.</summary>
public sealed class PreviousValueTests
{
    private readonly KvStateMachine _machine = new(new DictionaryKvStore());
    private readonly ChangeFeed _feed;
    private readonly Entries _log;
    private readonly long _session;
    private long _sequence;

    public PreviousValueTests()
    {
        _feed = new ChangeFeed(_machine, 8 * 1024, retainedBytes: 64 * 1024, keepsPrevious: true, static router => router.Execute());
        _log = new Entries(_machine);
        _session = _log.Open();
    }

    [Fact]
    public void A_set_and_a_delete_tell_what_was_there()
    {
        var watcher = Watch();
        _log.Set(_session, ++_sequence, "k", "a");
        _log.Set(_session, ++_sequence, "k", "");
        _log.Set(_session, ++_sequence, "k", "b");
        _log.Delete(_session, ++_sequence, "k");
        _log.Set(_session, ++_sequence, "k", "c");

        Assert.Equal("Put k=a, none|Put k= before a@2|Put k=b before @3|Deleted k= before b@4|Put k=c, none", Read(watcher));
    }

    [Fact]
    public void Every_operation_of_a_transaction_tells_what_was_there_before_the_transaction()
    {
        foreach (var key in (string[])["del", "n", "put", "r1", "r2"])
            _log.Set(_session, ++_sequence, key, "1");
        var watcher = Watch();
        var all = Do(Put("put", "new"), Put("other", "new"), Delete("del"), DeleteRange("r", "s"), Add("n", 4));
        _log.Apply(all.Command(_session, ++_sequence));

        Assert.Equal("Put put=new before 1@4|Put other=new, none|Deleted del= before 1@2|Deleted r1= before 1@5|Deleted r2= before 1@6"
            + "|Put n=5 before 1@3", Read(watcher));
    }

    [Fact]
    public void Keys_that_end_by_time_or_with_a_lease_tell_what_was_there()
    {
        var lease = Lease(KvOperation.GrantLease, 60_000).Version;
        Bind("bound", "b", new KvLifetime(Keep: false, LeaseId: lease));
        Bind("short", "s", new KvLifetime(Keep: false, TimeToLiveMs: 1_000));
        var watcher = Watch();
        _log.NowMs += 1_000;
        _log.Apply(_machine.CollectDue(_log.NowMs));
        Lease(KvOperation.RevokeLease, lease);

        Assert.True(watcher.TryRead(out var expired));
        Assert.Equal("Expired short= before s@4", Text(expired));
        Assert.Equal(_log.NowMs, expired.Previous!.Value.ExpiresAt!.Value.ToUnixTimeMilliseconds());
        Assert.Equal("LeaseRevoked bound= before b@3", Read(watcher));
    }

    [Fact]
    public void A_use_of_a_sliding_key_is_no_change_and_leaves_its_value_as_it_is()
    {
        Bind("k", "v", new KvLifetime(Keep: false, SlidingMs: 10_000));
        var watcher = Watch();
        _log.NowMs += 5_000;
        _log.Apply(KvCommand.WriteTouch([(_log.Last, "k"u8.ToArray())]));
        _log.Delete(_session, ++_sequence, "k");

        Assert.True(watcher.TryRead(out var deleted));
        Assert.Equal("Deleted k= before v@2", Text(deleted));
        Assert.Equal(_log.NowMs + 10_000, deleted.Previous!.Value.ExpiresAt!.Value.ToUnixTimeMilliseconds());
    }

    [Fact]
    public void Only_a_watcher_that_asks_for_previous_values_gets_them_and_all_that_do_share_one_copy()
    {
        _log.Set(_session, ++_sequence, "k", "old");
        var (one, other) = (Watch(), Watch());
        var (plain, keys) = (Watch(WatchedValues.Written), Watch(WatchedValues.None));
        Assert.All([one, other, plain, keys], w => Assert.Equal("", Read(w)));
        _log.Set(_session, ++_sequence, "k", "new");
        _feed.Reach(_log.Last);

        Assert.True(one.TryRead(out var first) & other.TryRead(out var second));
        Assert.Equal("Put k=new before old@2", Text(first));
        Assert.True(MemoryMarshal.TryGetArray(first.Previous!.Value.Value, out var array));
        Assert.True(MemoryMarshal.TryGetArray(second.Previous!.Value.Value, out var shared));
        Assert.Same(array.Array, shared.Array);
        Assert.Equal("Put k=new, none", Read(plain));
        Assert.Equal("Put k=, none", Read(keys));
    }

    [Fact]
    public void Previous_values_count_in_the_bound_of_the_history_and_in_that_of_a_watcher()
    {
        const int changes = 40;
        var plainMachine = new KvStateMachine(new DictionaryKvStore());
        var plain = new ChangeFeed(plainMachine, 8 * 1024, 64 * 1024);
        var plainLog = new Entries(plainMachine);
        var plainSession = plainLog.Open();
        var slow = Watch(bufferBytes: 1_000);
        Assert.Equal("", Read(slow));
        for (var i = 0; i < changes; i++)
        {
            plainLog.Set(plainSession, ++_sequence, "k", new string('v', 500));
            _log.Set(_session, _sequence, "k", new string('v', 500));
            _feed.Reach(_log.Last);
            Assert.True(_feed.History.End - _feed.History.Start <= 8 * 1024);
        }

        // The watcher reads in the history what it cannot buffer. With previous values the history holds half as many changes.
        var (withPrevious, without) = (_log.Last - _feed.History.OldestVersion + 1, plainLog.Last - plain.History.OldestVersion + 1);
        Assert.InRange(withPrevious, without / 2, without / 2 + 1);
        Assert.Throws<RaftKvCompactedException>(() => Read(slow));
        var again = Watch(from: _feed.History.OldestVersion);
        var told = Read(again).Split('|');
        Assert.Equal(withPrevious, told.Length);
        Assert.All(told, t => Assert.Contains($" before {new string('v', 500)}@", t, StringComparison.Ordinal));
    }

    [Fact]
    public void What_the_history_keeps_has_its_previous_value_whatever_was_forgotten_before()
    {
        for (var seed = 0; seed < 20; seed++)
        {
            var chance = new Random(seed);
            var machine = new KvStateMachine(new DictionaryKvStore());
            var feed = new ChangeFeed(machine, 2048 + chance.Next(8_000), 64 * 1024, keepsPrevious: true);
            var log = new Entries(machine);
            var (session, sequence) = (log.Open(), 0L);
            var (held, expected) = (new Dictionary<string, (string Value, long Version)>(), new List<(long Version, string Text)>());
            for (var step = 0; step < 200; step++)
            {
                var (key, value) = ($"k{chance.Next(10)}", new string((char)('a' + step % 26), chance.Next(200)));
                var before = held.TryGetValue(key, out var was) ? $" before {was.Value}@{was.Version}" : ", none";
                if (chance.Next(4) == 0)
                {
                    log.Delete(session, ++sequence, key);
                    if (held.Remove(key))
                        expected.Add((log.Last, $"Deleted {key}={before}"));
                }
                else
                {
                    log.Set(session, ++sequence, key, value);
                    held[key] = (value, log.Last);
                    expected.Add((log.Last, $"Put {key}={value}{before}"));
                }
            }
            var oldest = feed.History.OldestVersion;
            Assert.True(oldest > 2);
            feed.Reach(log.Last);
            var watcher = feed.Watches.Add(All, WatchedValues.Previous, bufferBytes: 100, oldest);
            Assert.Equal(string.Join('|', expected.Where(e => e.Version >= oldest).Select(e => e.Text)), Read(watcher));
        }
    }

    [Fact]
    public void Without_the_option_the_history_reads_and_holds_nothing_of_them()
    {
        var store = new DictionaryKvStore();
        var machine = new KvStateMachine(store);
        var feed = new ChangeFeed(machine, 64 * 1024, 64 * 1024);
        var log = new Entries(machine);
        var session = log.Open();
        log.Set(session, 1, "k", "a");
        log.Set(session, 2, "k", "b");
        log.Delete(session, 3, "k");

        Assert.Equal(0, store.Visits);
        Assert.Equal(3 * (ChangeHeader.Bytes + 1) + 2, feed.History.End - feed.History.Start);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_history_adds_no_allocation_to_a_put(bool keepsPrevious)
    {
        using var folder = new TestFolder();
        var (without, with) = (BytesOfPuts(folder.Sub("a"), history: null), BytesOfPuts(folder.Sub("b"), keepsPrevious));

        // The pool of buffers may be trimmed meanwhile.
        Assert.InRange(with, 0, without + 8);
    }

    /// <summary>The average number of bytes that a put allocates.</summary>
    private static long BytesOfPuts(string directory, bool? history)
    {
        const int puts = 5_000;
        using var store = new FasterKvStore(new OsFileSystem(sync: false), directory, new FasterKvStoreSettings());
        var machine = new KvStateMachine(store);
        var feed = history is { } keeps ? new ChangeFeed(machine, 64 * 1024, 64 * 1024, keeps) : null;
        var log = new Entries(machine);
        var session = log.Open();
        var commands = Enumerable.Range(0, 100)
            .Select(i => Entries.SetCommand(session, 0, Encoding.UTF8.GetBytes($"k{i}"), new byte[100 + i])).ToArray();
        var allocated = 0L;
        // The first puts fill the history and the tables.
        for (var i = 1; i <= 2 * puts; i++)
        {
            if (i == puts)
                allocated = GC.GetAllocatedBytesForCurrentThread();
            KvCommand.Patch(commands[i % 100], session, i, acknowledgedBelow: i);
            machine.Apply(new LogEntry(1, machine.Applied.Index + 1, log.NowMs, EntryKind.Command, commands[i % 100]));
        }
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        Assert.True(feed is null || feed.History.OldestVersion > puts);
        return allocated / puts;
    }

    private static KeyInterval All => KeyRanges.Interval(KvKeyRange.All, 100);

    private Watcher Watch(WatchedValues values = WatchedValues.Previous, int bufferBytes = 4_000, long from = 0)
    {
        _feed.Reach(_log.Last);
        return _feed.Watches.Add(All, values, bufferBytes, from == 0 ? _log.Last + 1 : from);
    }

    private ApplyResult Lease(KvOperation operation, long number)
    {
        var command = new byte[KvCommand.LeaseBytes];
        KvCommand.WriteLease(command, operation, number);
        KvCommand.Patch(command, _session, ++_sequence, 0);
        return _log.Apply(command);
    }

    private void Bind(string key, string value, KvLifetime lifetime)
    {
        var command = new byte[KvCommand.SetBytes(Utf8(key).Length, Utf8(value).Length) + KvLifetime.Bytes];
        KvCommand.WriteSet(command, default, lifetime, Utf8(key), Utf8(value));
        KvCommand.Patch(command, _session, ++_sequence, 0);
        _log.Apply(command);
    }

    private string Read(Watcher watcher)
    {
        _feed.Reach(Math.Max(_feed.History.Through, _log.Last));
        var found = new List<string>();
        while (watcher.TryRead(out var change))
            found.Add(Text(change));
        return string.Join('|', found);
    }

    private static string Text(KvEvent e)
    {
        Assert.True(e.Previous is null || e.Previous.Value.Key == e.Key);
        var before = e.Previous is { } p ? $" before {Encoding.UTF8.GetString(p.Value.Span)}@{p.Version}" : ", none";
        return $"{e.Kind} {e.Key}={Encoding.UTF8.GetString(e.Value.Span)}{before}";
    }
}
