using RaftKv.Embedded.Log;
using Xunit;

namespace RaftKv.Embedded.Tests.Log;

/// <summary>The terms of the entries of a log, as the ranges of its terms.</summary>
public sealed class TermIndexTests
{
    private readonly TermIndex _index = new(new EntryId(1, 10), [new EntryId(1, 11), new EntryId(3, 13)], 14);

    [Fact]
    public void It_knows_the_term_of_every_entry_and_of_no_other()
    {
        Assert.Equal([-1, 1, 1, 1, 3, 3, -1], Enumerable.Range(9, 7).Select(i => _index.TermAt(i)));
        Assert.True(_index.Contains(new EntryId(3, 14)));
        Assert.False(_index.Contains(new EntryId(-1, 15)));
        Assert.Equal(new EntryId(3, 13), _index.FirstOfTermAt(14));
    }

    [Fact]
    public void It_finds_the_last_entry_of_a_term_that_is_not_too_high()
    {
        Assert.Equal(14, _index.LastIndexWithTermUpTo(20, 3));
        Assert.Equal(12, _index.LastIndexWithTermUpTo(14, 2));
        Assert.Equal(9, _index.LastIndexWithTermUpTo(14, 0));
        Assert.Equal(5, _index.LastIndexWithTermUpTo(5, 3));
    }

    [Fact]
    public void An_entry_without_a_place_is_refused()
    {
        Assert.ThrowsAny<Exception>(() => _index.Append(new EntryId(3, 16)));
        Assert.ThrowsAny<Exception>(() => _index.Append(new EntryId(2, 15)));
        Assert.ThrowsAny<Exception>(() => _index.IdAt(15));
    }

    [Fact]
    public void It_is_cut_at_both_ends()
    {
        _index.Append(new EntryId(4, 15));
        _index.TruncateAfter(new EntryId(3, 13));
        Assert.Equal(new EntryId(3, 13), _index.Last);
        _index.TruncateUntil(new EntryId(1, 11));
        Assert.Equal([new EntryId(1, 12), new EntryId(3, 13)], _index.Starts);
        _index.TruncateUntil(new EntryId(3, 13));
        Assert.Empty(_index.Starts);
        Assert.Equal((3, new EntryId(3, 13)), (_index.TermAt(13), _index.Last));
        _index.Append(new EntryId(3, 14));
        Assert.Equal([new EntryId(3, 14)], _index.Starts);
    }

    [Fact]
    public void A_cut_before_the_log_moves_its_base()
    {
        _index.TruncateAfter(new EntryId(1, 8));
        Assert.Equal((new EntryId(1, 8), new EntryId(1, 8)), (_index.Base, _index.Last));
        _index.Reset(new EntryId(7, 30));
        _index.Append(new EntryId(7, 31));
        Assert.Equal(7, _index.TermAt(31));
    }
}
