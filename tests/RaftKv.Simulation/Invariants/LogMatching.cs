using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Log;

namespace RaftKv.Simulation.Invariants;

/// <summary>
/// Two entries of the same index and term hold the same, and follow the same entry (Raft §5.3, figure 3): so two logs that agree in one
/// entry agree in all before it. Checked when an entry has reached a disk: what an only voter appended and forgot before that does not
/// count.
/// </summary>
internal sealed class LogMatching : Invariant
{
    private readonly Dictionary<(long Index, long Term), (long PreviousTerm, int Content)> _entries = [];
    private readonly PerNode<(int Life, List<long> Terms, long Base)> _seen = new();
    private readonly List<LogEntry> _copied = [];

    public override void AfterStep(SimNode node)
    {
        if (node.Core is not { } core)
            return;
        var last = core.DurableIndex;
        ref var seen = ref _seen[node];
        var goesOn = seen.Life == node.Life && core.FirstIndex - 1 >= seen.Base;
        // Nothing is new when the log still has the end that was seen.
        if (goesOn && seen.Base + seen.Terms.Count == last && last >= core.FirstIndex && seen.Terms[^1] == core.TermAt(last))
            return;
        if (!goesOn)
            seen = (node.Life, [], core.FirstIndex - 1);
        // What is new is at the end: behind the last place where the terms agree with what was seen.
        var known = Math.Min(last, seen.Base + seen.Terms.Count);
        while (known >= core.FirstIndex && known > seen.Base && seen.Terms[(int)(known - seen.Base) - 1] != core.TermAt(known))
            known--;
        if (known < core.FirstIndex)
            seen = (node.Life, [], known = core.FirstIndex - 1);
        seen.Terms.RemoveRange((int)(known - seen.Base), seen.Terms.Count - (int)(known - seen.Base));
        for (var index = known + 1; index <= last; index++)
        {
            seen.Terms.Add(core.TermAt(index));
            if (index > core.FirstIndex)
                Check(node, core, index);
        }
    }

    private void Check(SimNode node, RaftCore core, long index)
    {
        _copied.Clear();
        if (!core.TryCopyEntries(index, index, _copied))
            return;
        var entry = _copied[0];
        var found = (core.TermAt(index - 1), HashOf(entry));
        if (!_entries.TryAdd((index, entry.Term), found) && _entries[(index, entry.Term)] != found)
            throw new BrokenInvariantException("Log matching", $"{node.Id} has another entry {entry.Id}, or another one before it, than it had elsewhere");
    }

    private static int HashOf(in LogEntry entry)
    {
        var hash = new HashCode();
        hash.Add(entry.Kind);
        hash.Add(entry.TimeMs);
        hash.AddBytes(entry.Payload.Span);
        return hash.ToHashCode();
    }
}
