using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Log;

/// <summary>
/// The term of every entry of a log, as the first entry of each term. Memory grows with the number of terms and not with the number of
/// entries. Not thread-safe.
/// </summary>
internal sealed class TermIndex
{
    /// <summary>The term of an index that is not in the log.</summary>
    public const long NoTerm = -1;

    private readonly List<EntryId> _starts;

    public TermIndex() => _starts = [];

    /// <param name="baseId">The entry before the first one.</param>
    /// <param name="starts">The first entry of each term, ascending, from the entry after <paramref name="baseId"/> on.</param>
    /// <param name="lastIndex">The last entry.</param>
    public TermIndex(EntryId baseId, IEnumerable<EntryId> starts, long lastIndex)
    {
        _starts = [.. starts];
        Base = baseId;
        Last = new EntryId(_starts.Count > 0 ? _starts[^1].Term : baseId.Term, lastIndex);
        var isEmpty = lastIndex == baseId.Index;
        Invariant.Holds(isEmpty || (_starts is [var first, ..] && first.Index == baseId.Index + 1), "the first term begins with the log");
    }

    /// <summary>The entry before the first one.</summary>
    public EntryId Base { get; private set; }

    /// <summary>The last entry; <see cref="Base"/> when the log is empty.</summary>
    public EntryId Last { get; private set; }

    /// <summary>The first entry of each term.</summary>
    public IReadOnlyList<EntryId> Starts => _starts;

    /// <summary>The term of an entry; <see cref="NoTerm"/> when the log does not have it.</summary>
    public long TermAt(long index)
    {
        if (index <= Base.Index)
            return index == Base.Index ? Base.Term : NoTerm;
        return index > Last.Index ? NoTerm : _starts[RunOf(index)].Term;
    }

    /// <summary>The entry at an index of the log.</summary>
    public EntryId IdAt(long index)
    {
        Invariant.Holds(index >= Base.Index && index <= Last.Index, "the entry is in the log");
        return new EntryId(TermAt(index), index);
    }

    /// <summary>Whether the log has the entry with this index and term.</summary>
    public bool Contains(EntryId id) => id.Term >= 0 && TermAt(id.Index) == id.Term;

    /// <summary>The first entry of the term of the entry at <paramref name="index"/>.</summary>
    public EntryId FirstOfTermAt(long index) => index == Base.Index ? Base : _starts[RunOf(index)];

    /// <summary>
    /// The last index up to <paramref name="index"/> whose term is not above <paramref name="term"/>; an index before the log when there
    /// is none.
    /// </summary>
    public long LastIndexWithTermUpTo(long index, long term)
    {
        if (index < Base.Index)
            return index;
        index = Math.Min(index, Last.Index);
        if (index > Base.Index)
        {
            for (var run = RunOf(index); run >= 0; run--)
            {
                if (_starts[run].Term <= term)
                    return index;
                index = _starts[run].Index - 1;
            }
        }
        return Base.Term <= term ? Base.Index : Base.Index - 1;
    }

    public void Append(EntryId id)
    {
        Invariant.Holds(id.Index == Last.Index + 1 && id.Term >= Last.Term, "indexes follow each other and terms never decrease");
        if (id.Term != Last.Term || Last.Index == Base.Index)
            _starts.Add(id);
        Last = id;
    }

    /// <summary>Drops the entries after <paramref name="last"/>. An entry before the log becomes the new base.</summary>
    public void TruncateAfter(EntryId last)
    {
        if (last.Index < Base.Index)
            Base = last;
        while (_starts.Count > 0 && _starts[^1].Index > last.Index)
            _starts.RemoveAt(_starts.Count - 1);
        Last = last;
    }

    /// <summary>Drops the entries up to <paramref name="baseId"/>, which becomes the new base.</summary>
    public void TruncateUntil(EntryId baseId)
    {
        var first = baseId.Index + 1;
        var covered = 0;
        while (covered + 1 < _starts.Count && _starts[covered + 1].Index <= first)
            covered++;
        _starts.RemoveRange(0, covered);
        if (first > Last.Index)
            _starts.Clear();
        else if (_starts[0].Index < first)
            _starts[0] = _starts[0] with { Index = first };
        Base = baseId;
    }

    /// <summary>Drops every entry. The next one follows <paramref name="baseId"/>.</summary>
    public void Reset(EntryId baseId)
    {
        _starts.Clear();
        Base = Last = baseId;
    }

    private int RunOf(long index)
    {
        var low = 0;
        var high = _starts.Count - 1;
        // Most lookups are of the last term.
        if (_starts[high].Index <= index)
            return high;
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            if (_starts[middle].Index <= index)
                low = middle;
            else
                high = middle - 1;
        }
        return low;
    }
}
