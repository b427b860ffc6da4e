using System.Text;
using RaftKv.Embedded.Client;
using RaftKv.Embedded.Tests.StateMachine;
using Xunit;

namespace RaftKv.Embedded.Tests.Client;

public sealed class ScanCursorTests
{
    private readonly DictionaryKvStore _store = new();

    public ScanCursorTests()
    {
        foreach (var key in new[] { "a", "b", "b/1", "b/2", "b/é", "b/😀", "b0", "c" })
            _store.Put(Encoding.UTF8.GetBytes(key), default, default);
    }

    [Fact]
    public void Everything_comes_page_by_page_without_a_gap_or_a_repetition() =>
        Assert.Equal(["a b b/1", "b/2 b/é b/😀", "b0 c"], Pages(KvKeyRange.All, null));

    [Fact]
    public void A_prefix_ends_where_the_next_begins() =>
        Assert.Equal(["b/1 b/2 b/é", "b/😀"], Pages(KvKeyRange.StartingWith("b/"), null));

    [Fact]
    public void The_highest_of_all_characters_may_end_a_prefix() =>
        Assert.Empty(Pages(KvKeyRange.StartingWith("\U0010ffff"), null));

    [Theory]
    [InlineData("b", "b0", null, null, "b b/1 b/2,b/é b/😀")]
    [InlineData("b/2", null, "b/", null, "b/2 b/é b/😀")]
    [InlineData(null, "b/2", "b/", null, "b/1")]
    [InlineData("x", null, "b/", null, "")]
    [InlineData("b/2", "c", null, "b/é", "b/😀 b0")]
    [InlineData("b/2", "c", null, "a", "b/2 b/é b/😀,b0")]
    [InlineData(null, null, null, "c", "")]
    [InlineData(null, null, "b/", "b/zzz", "b/é b/😀")]
    public void Range_prefix_and_position_all_hold(string? from, string? to, string? prefix, string? after, string pages) =>
        Assert.Equal(pages, string.Join(',', Pages(new KvKeyRange { From = from, To = to, Prefix = prefix }, after)));

    [Fact]
    public void A_bound_that_cannot_be_a_key_is_refused()
    {
        Assert.Throws<ArgumentException>(() => ScanCursor.Over(KvKeyRange.StartingWith("\ud800"), null, 100));
        Assert.Throws<RaftKvLimitExceededException>(() => ScanCursor.Over(KvKeyRange.All, new string('k', 101), 100));
    }

    private List<string> Pages(KvKeyRange range, string? after)
    {
        var cursor = ScanCursor.Over(range, after, 100);
        var pages = new List<string>();
        var page = new List<byte[]>();
        while (cursor.Next(_store, 3, page))
            pages.Add(string.Join(' ', page.Select(Encoding.UTF8.GetString)));
        return pages;
    }
}
