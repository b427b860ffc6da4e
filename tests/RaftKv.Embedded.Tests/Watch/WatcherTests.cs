using System.Text;
using RaftKv.Embedded.Client;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Records;
using RaftKv.Embedded.StateMachine;
using RaftKv.Embedded.Tests.StateMachine;
using RaftKv.Embedded.Watch;
using Xunit;

namespace RaftKv.Embedded.Tests.Watch;

/// <summary>Watchers of a history, without a replica: the test applies, routes and consumes.</summary>
public sealed class WatcherTests
{
    private const int HistoryBytes = 8 * 1024;

    private readonly KvStateMachine _machine = new(new DictionaryKvStore());
    private readonly ChangeFeed _feed;
    private long _version;

    public WatcherTests() => _feed = new ChangeFeed(_machine, HistoryBytes, retainedBytes: 64 * 1024, schedule: static router => router.Execute());

    [Fact]
    public void A_watcher_gets_what_it_asked_for_and_nothing_else()
    {
        var key = Watch(KvKeyRange.Exactly("b"));
        var prefix = Watch(KvKeyRange.StartingWith("b"));
        var range = Watch(KvKeyRange.Between("a", "b1"));
        var all = Watch(KvKeyRange.All);
        var none = Watch(KvKeyRange.Between("x", "c"));
        Apply("a=1");
        Apply("b=2");
        Apply("b1=3");
        Apply("-b");

        Assert.Equal("b=2@2! Deleted b@4!", Read(key));
        Assert.Equal("b=2@2! b1=3@3! Deleted b@4!", Read(prefix));
        Assert.Equal("a=1@1! b=2@2! Deleted b@4!", Read(range));
        Assert.Equal("a=1@1! b=2@2! b1=3@3! Deleted b@4!", Read(all));
        Assert.Equal("", Read(none));
    }

    [Fact]
    public void A_transaction_is_whole_and_its_last_change_for_the_watcher_says_so()
    {
        var some = Watch(KvKeyRange.StartingWith("b"));
        var all = Watch(KvKeyRange.All);
        Apply("a=1", "b1=2", "b2=3", "c=4");

        Assert.Equal("b1=2@1 b2=3@1!", Read(some));
        Assert.Equal("a=1@1 b1=2@1 b2=3@1 c=4@1!", Read(all));
    }

    [Fact]
    public void The_kind_says_why_a_key_is_gone()
    {
        var all = Watch(KvKeyRange.All);
        foreach (var kind in new[] { KvChangeKind.Delete, KvChangeKind.Expire, KvChangeKind.Revoke })
        {
            _feed.Erasing("k"u8, new RecordHeader(1, 1, 1), kind, ++_version);
            End();
        }
        Assert.Equal("Deleted k@1! Expired k@2! LeaseRevoked k@3!", Read(all));
    }

    [Fact]
    public void A_watch_from_a_version_begins_with_that_one_whether_it_is_past_or_future()
    {
        for (var i = 1; i <= 5; i++)
            Apply($"k={i}");
        var past = Watch(KvKeyRange.All, from: 4);
        var future = Watch(KvKeyRange.All, from: 7);
        Assert.Equal("k=4@4! k=5@5!", Read(past));
        Assert.Equal("", Read(future));
        for (var i = 6; i <= 8; i++)
            Apply($"k={i}");

        Assert.Equal("k=6@6! k=7@7! k=8@8!", Read(past));
        Assert.Equal("k=7@7! k=8@8!", Read(future));
    }

    [Fact]
    public void A_watch_that_has_ended_ends_for_a_consumer_that_is_behind_before_it_has_read_the_history()
    {
        var watcher = Watch(KvKeyRange.All, bufferBytes: 300);
        for (var i = 1; i <= 50; i++)
            Apply($"k={i}");

        _feed.Watches.End(static () => new InvalidOperationException("over"), forGood: false);

        var read = 0;
        Assert.Throws<InvalidOperationException>(() =>
        {
            for (; watcher.TryRead(out _); read++)
                watcher.ThrowIfEndedWhileBehind();
        });
        Assert.InRange(read, 0, 10);
    }

    [Fact]
    public void The_progress_of_a_watch_from_a_version_that_is_not_applied_yet_does_not_go_back()
    {
        Apply("k=1");
        var future = Watch(KvKeyRange.All, from: 101);
        Assert.Equal("", Read(future));

        future.WantProgress();

        Assert.True(future.TryTakeProgress(out var version));
        Assert.Equal(100, version);
    }

    [Fact]
    public void A_reader_that_begins_at_a_version_that_is_not_applied_yet_skips_the_entries_before_it()
    {
        var reader = new HistoryReader(_feed.History, KeyRanges.Interval(KvKeyRange.All, 100), WatchedValues.Written);
        reader.Begin(4);
        Assert.False(reader.TryReadEntry());
        for (var i = 1; i <= 5; i++)
            Apply($"k={i}");

        Assert.True(reader.TryReadEntry());
        Assert.True(reader.TryTake(out var item));
        Assert.Equal("k=4@4!", Text(item.Change.ToEvent(WatchedValues.Written, item.EndsVersion)));
    }

    [Fact]
    public void A_slow_watcher_reads_the_history_at_its_own_pace_and_misses_nothing()
    {
        for (var seed = 0; seed < 100; seed++)
        {
            var chance = new Random(seed);
            using var watcher = Watch(KvKeyRange.StartingWith("k"), bufferBytes: chance.Next(600));
            var (expected, found) = (new List<string>(), new List<string>());
            for (var step = 0; step < 200; step++)
            {
                var changes = Enumerable.Range(0, 1 + chance.Next(3)).Select(i => $"{(chance.Next(4) == 0 ? "x" : "k")}{i}={step}").ToArray();
                Apply(changes);
                var mine = changes.Where(c => c[0] == 'k').ToArray();
                expected.AddRange(mine.Select((c, i) => $"{c}@{_version}{(i == mine.Length - 1 ? "!" : "")}"));
                while (chance.Next(3) > 0 && watcher.TryRead(out var change))
                    found.Add(Text(change));
                if (expected.Count - found.Count > 40)
                    found.AddRange(Read(watcher).Split(' '));
            }
            found.AddRange(Read(watcher).Split(' ', StringSplitOptions.RemoveEmptyEntries));
            Assert.Equal(expected, found);
        }
    }

    [Fact]
    public void A_watcher_that_falls_out_of_the_history_hears_where_it_would_have_gone_on_and_where_it_can()
    {
        var watcher = Watch(KvKeyRange.All, bufferBytes: 300);
        Apply("k=1");
        Assert.Equal("k=1@1!", Read(watcher));
        for (var i = 2; i <= 1000; i++)
            Apply($"k={i}");

        var seen = new List<KvEvent>();
        var lost = Assert.Throws<RaftKvCompactedException>(() =>
        {
            while (watcher.TryRead(out var change))
                seen.Add(change);
        });
        Assert.NotEmpty(seen);
        Assert.Equal(seen[^1].Version.Value + 1, lost.Requested.Value);
        Assert.Equal(_feed.History.OldestVersion, lost.OldestVersion.Value);
        Assert.Throws<RaftKvCompactedException>(() => Read(Watch(KvKeyRange.All, from: lost.Requested.Value)));
        Assert.EndsWith("k=1000@1000!", Read(Watch(KvKeyRange.All, from: lost.OldestVersion.Value)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_snapshot_swapped_in_ends_those_it_took_changes_from_and_no_others()
    {
        Apply("k=1");
        var behind = Watch(KvKeyRange.All);
        var future = Watch(KvKeyRange.All, from: 101);
        Assert.Equal("", Read(behind) + Read(future));
        Swap(last: 100);
        _version = 100;
        Apply("k=101");

        var lost = Assert.Throws<RaftKvCompactedException>(() => Read(behind));
        Assert.Equal((2, 101), (lost.Requested.Value, lost.OldestVersion.Value));
        Assert.Equal("k=101@101!", Read(future));
    }

    [Fact]
    public void Progress_is_what_has_been_seen_and_is_told_once_for_each_time_it_is_wanted()
    {
        var watcher = Watch(KvKeyRange.Exactly("k"));
        Assert.False(watcher.TryTakeProgress(out _));
        Apply("other=1");
        Apply("k=2");
        Apply("other=3");
        watcher.WantProgress();
        Assert.False(watcher.TryTakeProgress(out _));
        Assert.Equal("k=2@2!", Read(watcher));

        Assert.True(watcher.TryTakeProgress(out var version));
        Assert.Equal(3, version);
        Assert.False(watcher.TryTakeProgress(out _));
    }

    [Fact]
    public void The_end_is_told_behind_what_came_before_it_and_to_those_who_come_later()
    {
        var watcher = Watch(KvKeyRange.All);
        Apply("k=1");
        _feed.Watches.End(() => new InvalidOperationException("over"), forGood: true);

        Assert.Equal("k=1@1!", Read(watcher));
        Assert.Throws<InvalidOperationException>(watcher.ThrowIfEnded);
        Assert.Throws<InvalidOperationException>(() => Watch(KvKeyRange.All));
    }

    [Fact]
    public async Task A_waiting_consumer_is_woken_by_a_change_a_nudge_and_the_end()
    {
        var watcher = Watch(KvKeyRange.Exactly("k"));
        Assert.Equal("", Read(watcher));
        var wait = watcher.WaitAsync();
        Apply("other=1");
        Assert.False(wait.IsCompleted);
        Apply("k=2");
        await wait;
        Assert.Equal("k=2@2!", Read(watcher));

        wait = watcher.WaitAsync();
        Assert.False(wait.IsCompleted);
        watcher.Nudge();
        await wait;

        wait = watcher.WaitAsync();
        watcher.End(() => new InvalidOperationException());
        await wait;
    }

    [Fact]
    public void Ten_thousand_watchers_are_told_of_their_own_keys_alone()
    {
        var watchers = Enumerable.Range(0, 10_000).Select(i => Watch(i % 2 == 0 ? KvKeyRange.Exactly($"{i}/") : KvKeyRange.StartingWith($"{i}/"))).ToArray();
        Assert.All(watchers, w => Assert.Equal("", Read(w)));
        for (var i = 0; i < 10_000; i++)
            Apply($"{i}/={i}");

        for (var i = 0; i < 10_000; i++)
            Assert.Equal($"{i}/={i}@{i + 1}!", Read(watchers[i]));
        foreach (var watcher in watchers)
            watcher.Dispose();
        Assert.Equal(0, _feed.Watches.Count);
    }

    /// <summary>
    /// A state that differed is replaced at the same version. A watcher must be told, because the old state may have given it wrong events.
    /// </summary>
    [Fact]
    public void A_watcher_that_has_seen_everything_hears_that_the_state_was_replaced()
    {
        var all = Watch(KvKeyRange.All);
        Apply("a=1");
        Assert.Equal("a=1@1!", Read(all));
        all.ThrowIfEnded();

        _feed.History.Restart(_version);
        _feed.Watches.Compact(_version + 1);

        Assert.Equal(_version + 1, Assert.Throws<RaftKvCompactedException>(all.ThrowIfEnded).OldestVersion.Value);
        Watch(KvKeyRange.All).ThrowIfEnded();
    }

    [Fact]
    public async Task Watchers_on_many_threads_all_see_everything_in_order()
    {
        const int changes = 20_000;
        var feed = new ChangeFeed(new KvStateMachine(new DictionaryKvStore()), 4 * 1024 * 1024, 64 * 1024);
        var consumers = Enumerable.Range(0, 8).Select(n => Task.Run(async () =>
        {
            var keys = KeyRanges.Interval(KvKeyRange.StartingWith($"{n % 4}"), 100);
            using var watcher = feed.Watches.Add(keys, n >= 4 ? WatchedValues.None : WatchedValues.Written, bufferBytes: 2000, from: 1);
            var last = 0L;
            for (var expected = (changes - 1 - n % 4) / 4 + 1; expected > 0;)
            {
                while (watcher.TryRead(out var change))
                {
                    Assert.True(change.Version.Value > last && change.EndsVersion);
                    Assert.Equal(n % 4, (change.Version.Value - 1) % 4);
                    last = change.Version.Value;
                    expected--;
                }
                if (expected > 0)
                    await watcher.WaitAsync();
            }
        }, TestContext.Current.CancellationToken)).ToArray();

        for (var version = 1L; version <= changes; version++)
        {
            feed.Putting(Encoding.UTF8.GetBytes($"{(version - 1) % 4}k"), default, new RecordHeader(version, 1, 1), "v"u8);
            feed.EntryEnded(version);
            if (version % 16 == 0)
                feed.Reach(version);
        }
        feed.Reach(changes);

        await Task.WhenAll(consumers).WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
    }

    private Watcher Watch(KvKeyRange range, long from = 0, int bufferBytes = 1000) =>
        _feed.Watches.Add(KeyRanges.Interval(range, 100), WatchedValues.Written, bufferBytes, from == 0 ? _version + 1 : from);

    /// <summary>Applies one entry: <c>key=value</c> puts, <c>-key</c> deletes.</summary>
    private void Apply(params string[] changes)
    {
        _version++;
        foreach (var change in changes)
        {
            if (change[0] == '-')
                _feed.Erasing(Encoding.UTF8.GetBytes(change[1..]), new RecordHeader(1, 1, 1), KvChangeKind.Delete, _version);
            else
                _feed.Putting(Encoding.UTF8.GetBytes(change.Split('=')[0]), default, new RecordHeader(_version, _version, 1), Encoding.UTF8.GetBytes(change.Split('=')[1]));
        }
        End();
    }

    private void End()
    {
        _feed.EntryEnded(_version);
        _feed.Reach(_version);
    }

    private void Swap(long last)
    {
        var state = new KvState(new(1, last), 0, ClusterConfiguration.Empty, 0, new SessionTable().Encode());
        _feed.Swap(_machine, new KvStateMachine(new DictionaryKvStore(), state));
    }

    private static string Read(Watcher watcher)
    {
        var found = new List<string>();
        while (watcher.TryRead(out var change))
            found.Add(Text(change));
        return string.Join(' ', found);
    }

    private static string Text(KvEvent e) =>
        $"{(e.Kind == KvEventKind.Put ? $"{e.Key}={Encoding.UTF8.GetString(e.Value.Span)}" : $"{e.Kind} {e.Key}")}@{e.Version}{(e.EndsVersion ? "!" : "")}";
}
