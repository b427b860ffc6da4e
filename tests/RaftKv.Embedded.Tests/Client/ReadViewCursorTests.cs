using System.Text;
using RaftKv.Embedded.Client;
using RaftKv.Embedded.Records;
using RaftKv.Embedded.StateMachine;
using RaftKv.Embedded.Tests.StateMachine;
using RaftKv.Embedded.Watch;
using Xunit;

namespace RaftKv.Embedded.Tests.Client;

/// <summary>A cursor reads the state as of one version while the store changes.</summary>
public sealed class ReadViewCursorTests
{
    private readonly KvStateMachine _machine = new(new DictionaryKvStore());
    private readonly ChangeFeed _feed;
    private readonly Entries _log;
    private readonly long _session;
    private long _sequence;

    public ReadViewCursorTests()
    {
        _log = new Entries(_machine);
        _session = _log.Open();
        _feed = new ChangeFeed(_machine, historyBytes: 64 * 1024, retainedBytes: 64 * 1024);
    }

    [Fact]
    public void Everything_comes_page_by_page_without_a_gap_or_a_repetition() =>
        Assert.Equal("a b b/1,b/2 b/é b/😀,b0 c", Pages(KvKeyRange.All, null));

    [Fact]
    public void A_prefix_ends_where_the_next_begins() => Assert.Equal("b/1 b/2 b/é,b/😀", Pages(KvKeyRange.StartingWith("b/"), null));

    [Fact]
    public void The_highest_of_all_characters_may_end_a_prefix() => Assert.Equal("", Pages(KvKeyRange.StartingWith("\U0010ffff"), null));

    [Theory]
    [InlineData("b", "b0", null, null, "b b/1 b/2,b/é b/😀")]
    [InlineData("b/2", null, "b/", null, "b/2 b/é b/😀,")]
    [InlineData(null, "b/2", "b/", null, "b/1")]
    [InlineData("x", null, "b/", null, "")]
    [InlineData("b/2", "c", null, "b/é", "b/😀 b0")]
    [InlineData("b/2", "c", null, "a", "b/2 b/é b/😀,b0")]
    [InlineData(null, null, null, "c", "")]
    [InlineData(null, null, "b/", "b/zzz", "b/é b/😀")]
    public void Range_prefix_and_position_all_hold(string? from, string? to, string? prefix, string? after, string pages) =>
        Assert.Equal(pages, Pages(new KvKeyRange { From = from, To = to, Prefix = prefix }, after));

    [Theory]
    [InlineData(null, null, null, null, "c b0 b/😀,b/é b/2 b/1,b a")]
    [InlineData("b", "b0", null, null, "b/😀 b/é b/2,b/1 b")]
    [InlineData(null, "b/é", "b/", null, "b/2 b/1")]
    [InlineData("b/2", "c", null, "b/é", "b/2")]
    [InlineData("b/2", "c", null, "x", "b0 b/😀 b/é,b/2")]
    [InlineData(null, null, "b/", "b/", "")]
    [InlineData("x", null, "b/", null, "")]
    public void A_descending_walk_begins_at_the_end(string? from, string? to, string? prefix, string? after, string pages) =>
        Assert.Equal(pages, Pages(new KvKeyRange { From = from, To = to, Prefix = prefix }, after, descending: true));

    [Fact]
    public void A_bound_that_cannot_be_a_key_is_refused()
    {
        Assert.Throws<ArgumentException>(() => KeyRanges.Interval(KvKeyRange.StartingWith("\ud800"), 100));
        Assert.Throws<RaftKvLimitExceededException>(() => KeyRanges.Interval(KvKeyRange.Between(new string('k', 101), null), 100));
        Assert.True(KeyRanges.Interval(KvKeyRange.Exactly(new string('k', 100)), 100).IsOneKey);
    }

    [Fact]
    public void Every_page_is_of_the_pinned_version_whatever_happens_in_between()
    {
        for (var seed = 0; seed < 50; seed++)
        {
            var chance = new Random(seed);
            for (var i = 0; i < 40; i++)
                Change(chance);
            var expected = Contents();
            using var view = _feed.Views.Take(_machine.Store, _machine.Applied.Index);
            for (var i = 0; i < 20; i++)
                Change(chance);
            using var later = _feed.Views.Take(_machine.Store, _machine.Applied.Index);
            var expectedLater = Contents();

            var found = new List<string>();
            var foundLater = new List<string>();
            var descending = seed % 2 == 1;
            var cursor = new ReadViewCursor(view, new KeyInterval([], []), [], keysOnly: false, descending);
            var cursorLater = new ReadViewCursor(later, new KeyInterval([], []), [], keysOnly: false, descending);
            var page = new List<ReadViewRecord>();
            while (cursor.Next(1 + chance.Next(4), page))
            {
                found.AddRange(page.Select(Text));
                Change(chance);
                if (cursorLater.Next(1 + chance.Next(4), page))
                    foundLater.AddRange(page.Select(Text));
                Change(chance);
            }
            while (cursorLater.Next(3, page))
                foundLater.AddRange(page.Select(Text));

            Assert.Equal(descending ? Enumerable.Reverse(expected) : expected, found);
            Assert.Equal(descending ? Enumerable.Reverse(expectedLater) : expectedLater, foundLater);
        }
        Assert.Equal(0, _feed.Views.Count);
        Assert.Equal(0, _feed.Views.KeptBytes);
    }

    [Fact]
    public void Keys_alone_are_those_of_the_pinned_version_too()
    {
        Set("a", "1");
        Set("b", "1");
        using var view = _feed.Views.Take(_machine.Store, _machine.Applied.Index);
        Delete("a");
        Set("c", "1");
        Set("b", "2");

        Assert.Equal(["a", "b"], All(view, keysOnly: true).Select(r => Encoding.UTF8.GetString(r.Key)));
    }

    [Fact]
    public void The_oldest_reader_loses_its_version_when_too_much_is_overwritten_and_the_others_do_not()
    {
        Set("k", "first");
        using var old = _feed.Views.Take(_machine.Store, _machine.Applied.Index);
        for (var i = 0; i < 40; i++)
            Set($"large{i}", new string('x', 1000));
        using var young = _feed.Views.Take(_machine.Store, _machine.Applied.Index);
        for (var i = 0; i < 40; i++)
            Set($"large{i}", new string('y', 1000));
        Assert.True(_feed.Views.KeptBytes > 40_000);
        for (var i = 0; i < 40; i++)
            Delete($"large{i}");
        for (var i = 0; i < 300; i++)
            Set($"new{i}", "");
        Set("k", "second");

        var lost = Assert.Throws<RaftKvCompactedException>(() => All(old));
        Assert.Equal(old.Version, lost.Requested.Value);
        Assert.True(lost.OldestVersion.Value > old.Version);
        Assert.Equal(KvOutcome.NotApplied, lost.Outcome);
        Assert.True(_feed.Views.KeptBytes <= 64 * 1024);
        Assert.Throws<RaftKvCompactedException>(() => All(young));
        Assert.Equal(0, _feed.Views.KeptBytes);
    }

    [Fact]
    public void What_one_key_goes_through_is_kept_once_for_a_reader()
    {
        Set("k", "first");
        using var view = _feed.Views.Take(_machine.Store, _machine.Applied.Index);
        for (var i = 0; i < 10_000; i++)
            Set("k", new string('x', 1000));

        Assert.Equal("k=first", Assert.Single(All(view).Select(Text), t => t.StartsWith("k=", StringComparison.Ordinal)));
        Assert.True(_feed.Views.KeptBytes < 1000);
    }

    [Fact]
    public void A_version_that_somebody_reads_can_be_read_again_and_another_one_cannot()
    {
        Set("k", "1");
        var view = _feed.Views.Take(_machine.Store, _machine.Applied.Index);
        Set("k", "2");
        using (var again = _feed.Views.TryTakeAgain(view.Version))
        {
            view.Release();
            Set("k", "3");
            Assert.Contains("k=1", All(again!).Select(Text));
        }
        Assert.Null(_feed.Views.TryTakeAgain(view.Version));
        Assert.Equal(0, _feed.Views.KeptBytes);
    }

    [Fact]
    public void A_snapshot_that_takes_the_place_of_the_store_ends_the_scans_of_the_old_one()
    {
        Set("k", "1");
        using var view = _feed.Views.Take(_machine.Store, _machine.Applied.Index);
        _feed.Swap(_machine, new KvStateMachine(new DictionaryKvStore()));

        Assert.Throws<RaftKvCompactedException>(() => All(view));
    }

    private string Pages(KvKeyRange range, string? after, bool descending = false)
    {
        foreach (var key in new[] { "a", "b", "b/1", "b/2", "b/é", "b/😀", "b0", "c" })
            Set(key, "");
        using var view = _feed.Views.Take(_machine.Store, _machine.Applied.Index);
        var cursor = new ReadViewCursor(view, KeyRanges.Interval(range, 100), KeyRanges.Bytes(after, 100), keysOnly: true, descending);
        var pages = new List<string>();
        var page = new List<ReadViewRecord>();
        while (cursor.Next(3, page))
            pages.Add(string.Join(' ', page.Select(r => Encoding.UTF8.GetString(r.Key))));
        return string.Join(',', pages);
    }

    private static List<ReadViewRecord> All(ReadView view, bool keysOnly = false)
    {
        var all = new List<ReadViewRecord>();
        var cursor = new ReadViewCursor(view, new KeyInterval([], []), [], keysOnly);
        var page = new List<ReadViewRecord>();
        while (cursor.Next(100, page))
            all.AddRange(page);
        return all;
    }

    private List<string> Contents()
    {
        using var view = _feed.Views.Take(_machine.Store, _machine.Applied.Index);
        var keys = new List<byte[]>();
        _machine.Store.CopyKeys([], false, [], int.MaxValue, keys);
        return keys.ConvertAll(key =>
        {
            _machine.Store.TryRead(key, key, static (in RecordHeader header, ReadOnlySpan<byte> value, byte[] key) =>
                new ReadViewRecord(key, header, value.ToArray()), out var record);
            return Text(record);
        });
    }

    private static string Text(ReadViewRecord record) => $"{Encoding.UTF8.GetString(record.Key)}={Encoding.UTF8.GetString(record.Value!)}";

    private void Change(Random chance)
    {
        var key = $"k{chance.Next(12)}";
        if (chance.Next(3) == 0)
            Delete(key);
        else
            Set(key, $"v{_sequence}");
    }

    private void Set(string key, string value) => _log.Set(_session, ++_sequence, key, value, acknowledgedBelow: _sequence);

    private void Delete(string key) => _log.Delete(_session, ++_sequence, key, acknowledgedBelow: _sequence);
}
