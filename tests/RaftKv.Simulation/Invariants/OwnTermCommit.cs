using RaftKv.Embedded.Consensus;

namespace RaftKv.Simulation.Invariants;

/// <summary>
/// A leader commits by counting only what it appended itself; entries of earlier terms commit with those behind them (Raft §5.4.2, figure
/// 8).
/// </summary>
internal sealed class OwnTermCommit : Invariant
{
    private readonly PerNode<(int Life, long Term, long Commit)> _leading = new();

    public override void AfterStep(SimNode node)
    {
        if (node.Core is not { Role: RaftRole.Leader } core)
        {
            _leading[node] = default;
            return;
        }
        ref var before = ref _leading[node];
        if (before.Life == node.Life && before.Term == core.Term && core.CommitIndex > before.Commit
            && core.TermAt(core.CommitIndex) != core.Term)
            throw new BrokenInvariantException("Own-term commit", $"{node.Id} leads in term {core.Term} and commits entry {core.CommitIndex} of term {core.TermAt(core.CommitIndex)} by counting");
        before = (node.Life, core.Term, core.CommitIndex);
    }
}
