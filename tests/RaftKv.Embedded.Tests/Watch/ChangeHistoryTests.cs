using System.Text;
using RaftKv.Embedded.Records;
using RaftKv.Embedded.Watch;
using Xunit;

namespace RaftKv.Embedded.Tests.Watch;

/// <summary>The history of the newest changes: what it holds, and that a reader notices what it no longer holds.</summary>
public sealed class ChangeHistoryTests
{
    [Fact]
    public void It_holds_the_newest_entries_whole_and_says_from_where_on()
    {
        for (var seed = 0; seed < 6; seed++)
        {
            var chance = new Random(seed);
            var history = new ChangeHistory(2048 + chance.Next(10_000), last: 7);
            var model = new List<(long Version, string Change)>();
            var version = 7L;
            for (var entry = 0; entry < 300; entry++)
            {
                version += 1 + chance.Next(3);
                for (var changes = 1 + chance.Next(4); changes > 0; changes--)
                {
                    var (key, value) = ($"k{chance.Next(100)}", new string('v', chance.Next(chance.Next(50) == 0 ? 3000 : 100)));
                    history.Putting(Encoding.UTF8.GetBytes(key), default, new RecordHeader(version, 1, 1), Encoding.UTF8.GetBytes(value));
                    model.Add((version, $"{key}={value}"));
                }
                history.EntryEnded(version);

                var oldest = history.OldestVersion;
                Assert.Equal(model.Where(m => m.Version >= oldest), Contents(history, oldest));
                var from = oldest + chance.Next((int)(version - oldest + 3));
                Assert.Equal(model.Where(m => m.Version >= from), Contents(history, from));
                Assert.False(history.TryFind(oldest - 1, out _));
            }
            Assert.True(history.OldestVersion > 8);
        }
    }

    [Fact]
    public void Nothing_of_an_entry_is_seen_before_it_ends()
    {
        var history = new ChangeHistory(64 * 1024, last: 0);
        Put(history, 1, "a", "1");
        Assert.Equal(0, history.End);
        Put(history, 1, "b", "1");
        history.EntryEnded(1);

        Assert.Equal([(1L, "a=1"), (1L, "b=1")], Contents(history, 1));
    }

    [Fact]
    public void Who_waits_at_the_end_does_not_take_it_for_the_place_behind_an_entry_that_was_too_large()
    {
        var history = new ChangeHistory(2048, last: 0);
        Put(history, 1, "a", "1");
        history.EntryEnded(1);
        var waiting = history.End;

        Put(history, 2, "b", new string('x', 3000));
        history.EntryEnded(2);

        Assert.NotEqual(waiting, history.End);
        Assert.False(history.TryReadHeader(waiting, out _));
    }

    [Fact]
    public void An_entry_larger_than_the_history_leaves_it_empty_and_says_so()
    {
        var history = new ChangeHistory(2048, last: 0);
        Put(history, 1, "a", "1");
        history.EntryEnded(1);
        for (var i = 0; i < 10; i++)
            Put(history, 2, $"k{i}", new string('x', 1000));
        history.EntryEnded(2);

        Assert.Equal(3, history.OldestVersion);
        Assert.False(history.TryFind(2, out _));
        Put(history, 3, "b", "1");
        history.EntryEnded(3);
        Assert.Equal([(3L, "b=1")], Contents(history, 3));
    }

    [Fact]
    public void After_a_restart_nothing_before_it_is_found_and_a_reader_at_the_old_end_notices()
    {
        var history = new ChangeHistory(64 * 1024, last: 0);
        Put(history, 1, "a", "1");
        history.EntryEnded(1);
        var end = history.End;
        history.Restart(10);
        Put(history, 11, "b", "1");
        history.EntryEnded(11);

        Assert.False(history.TryFind(10, out _));
        Assert.Equal([(11L, "b=1")], Contents(history, 11));
        Assert.False(history.TryReadHeader(end, out _));
    }

    [Fact]
    public async Task Readers_beside_the_writer_see_whole_changes_or_none()
    {
        const int versions = 50_000;
        var history = new ChangeHistory(16 * 1024, last: 0);
        var writer = Task.Run(() =>
        {
            for (var version = 1L; version <= versions; version++)
            {
                var text = version.ToString(System.Globalization.CultureInfo.InvariantCulture);
                Put(history, version, "k" + text, string.Concat(Enumerable.Repeat(text, 1 + (int)(version % 40))));
                history.EntryEnded(version);
            }
        }, TestContext.Current.CancellationToken);

        var (seen, lost, version) = (0, 0, 1L);
        while (version <= versions)
        {
            if (!history.TryFind(version, out var at))
            {
                lost++;
                version = history.OldestVersion;
                continue;
            }
            if (at == history.End)
                continue;
            if (!TryRead(history, ref at, out var change))
                continue;
            var text = change.Version.ToString(System.Globalization.CultureInfo.InvariantCulture);
            Assert.Equal($"k{text}={string.Concat(Enumerable.Repeat(text, 1 + (int)(change.Version % 40)))}", change.Text);
            Assert.True(change.Version >= version);
            version = change.Version + 1;
            seen++;
        }
        await writer;
        Assert.True(seen > 0, $"{seen} seen, {lost} lost");
    }

    private static void Put(ChangeHistory history, long version, string key, string value) =>
        history.Putting(Encoding.UTF8.GetBytes(key), default, new RecordHeader(version, 1, 1), Encoding.UTF8.GetBytes(value));

    private static List<(long, string)> Contents(ChangeHistory history, long from)
    {
        Assert.True(history.TryFind(from, out var at));
        var found = new List<(long, string)>();
        while (at < history.End)
        {
            Assert.True(TryRead(history, ref at, out var change));
            found.Add(change);
        }
        return found;
    }

    private static bool TryRead(ChangeHistory history, ref long at, out (long Version, string Text) change)
    {
        change = default;
        if (!history.TryReadHeader(at, out var header))
            return false;
        var (key, value) = (new byte[header.KeyBytes], new byte[header.ValueBytes]);
        if (!history.TryCopy(at, at + ChangeHeader.Bytes, key) || !history.TryCopy(at, at + ChangeHeader.Bytes + key.Length, value))
            return false;
        change = (header.Version, $"{Encoding.UTF8.GetString(key)}={Encoding.UTF8.GetString(value)}");
        at += header.TotalBytes;
        return true;
    }
}
