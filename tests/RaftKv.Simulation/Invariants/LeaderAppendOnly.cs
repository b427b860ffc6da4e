using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Log;

namespace RaftKv.Simulation.Invariants;

/// <summary>A leader never overwrites or deletes entries of its log, it only appends (Raft §5.3, figure 3).</summary>
internal sealed class LeaderAppendOnly : Invariant
{
    private readonly PerNode<(int Life, long Term, EntryId Last)> _leading = new();

    public override void AfterStep(SimNode node)
    {
        if (node.Core is not { Role: RaftRole.Leader } core)
        {
            _leading[node] = default;
            return;
        }
        ref var before = ref _leading[node];
        if (before.Life == node.Life && before.Term == core.Term
            && (core.LastIndex < before.Last.Index || (before.Last.Index >= core.FirstIndex && core.TermAt(before.Last.Index) != before.Last.Term)))
        {
            throw new BrokenInvariantException("Leader append-only", $"{node.Id} leads in term {core.Term}, had entry {before.Last} and has it no more");
        }
        before = (node.Life, core.Term, new EntryId(core.LastTerm, core.LastIndex));
    }
}
