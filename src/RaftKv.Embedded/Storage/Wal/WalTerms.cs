using RaftKv.Embedded.Log;
using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Storage;

/// <summary>Where each term begins in the log, what is not yet committed included. Not thread-safe.</summary>
internal sealed class WalTerms
{
    private readonly List<EntryId> _starts = [];

    public EntryId Base { get; private set; }

    public EntryId Last { get; private set; }

    public IReadOnlyList<EntryId> Starts => _starts;

    public void Append(EntryId id)
    {
        Invariant.Holds(id.Index == Last.Index + 1, "the log has no gaps");
        Invariant.Holds(id.Term >= Last.Term, "terms never decrease along the log");
        if (_starts.Count == 0 || _starts[^1].Term != id.Term)
            _starts.Add(id);
        Last = id;
    }

    public EntryId IdAt(long index)
    {
        Invariant.Holds(index >= Base.Index && index <= Last.Index, "the entry is in the log");
        if (index == Base.Index)
            return Base;
        var i = _starts.Count - 1;
        while (_starts[i].Index > index)
            i--;
        return new EntryId(_starts[i].Term, index);
    }

    public void CutAfter(EntryId last)
    {
        if (last.Index < Base.Index)
            Base = last;
        while (_starts.Count > 0 && _starts[^1].Index > last.Index)
            _starts.RemoveAt(_starts.Count - 1);
        Last = last;
    }

    public void DropUntil(EntryId @base)
    {
        while (_starts.Count > 1 && _starts[1].Index <= @base.Index + 1)
            _starts.RemoveAt(0);
        if (@base.Index >= Last.Index)
            _starts.Clear();
        else if (_starts[0].Index <= @base.Index)
            _starts[0] = _starts[0] with { Index = @base.Index + 1 };
        Base = @base;
    }

    public void Restart(EntryId @base)
    {
        _starts.Clear();
        Base = Last = @base;
    }
}
