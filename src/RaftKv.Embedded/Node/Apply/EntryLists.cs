using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Node;

/// <summary>A pool of lists that carry entries from one thread to another. Any thread.</summary>
internal sealed class EntryLists
{
    private const int Capacity = 16;
    private const int KeptEntries = 4096;

    private readonly Stack<List<LogEntry>> _spare = new(Capacity);

    public List<LogEntry> Take()
    {
        lock (_spare)
            return _spare.TryPop(out var list) ? list : [];
    }

    /// <summary>The caller uses the list no longer.</summary>
    public void Return(List<LogEntry> list)
    {
        list.Clear();
        if (list.Capacity > KeptEntries)
            return;
        lock (_spare)
        {
            if (_spare.Count < Capacity)
                _spare.Push(list);
        }
    }
}
