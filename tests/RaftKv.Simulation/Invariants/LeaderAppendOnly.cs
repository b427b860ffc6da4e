using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Log;

namespace RaftKv.Simulation.Invariants;

/// <summary>A leader never overwrites or deletes entries of its log, it only appends (Raft §5.3, figure 3).</summary>
internal sealed class LeaderAppendOnly : IInvariant
{
    private readonly Dictionary<string, (int Life, long Term, EntryId Last)> _leading = [];

    public void AfterStep(SimNode node)
    {
        if (node.Core is not { Role: RaftRole.Leader } core)
        {
            _leading.Remove(node.Id);
            return;
        }
        if (_leading.TryGetValue(node.Id, out var before) && before.Life == node.Life && before.Term == core.Term
            && (core.LastIndex < before.Last.Index || (before.Last.Index >= core.FirstIndex && core.TermAt(before.Last.Index) != before.Last.Term)))
        {
            throw new BrokenInvariantException("Leader append-only", $"{node.Id} leads in term {core.Term}, had entry {before.Last} and has it no more");
        }
        _leading[node.Id] = (node.Life, core.Term, new EntryId(core.LastTerm, core.LastIndex));
    }
}
