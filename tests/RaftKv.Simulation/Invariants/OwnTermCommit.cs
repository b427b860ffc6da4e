using RaftKv.Embedded.Consensus;

namespace RaftKv.Simulation.Invariants;

/// <summary>A leader commits by counting only what it appended itself; entries of earlier terms commit with those behind them (Raft §5.4.2, figure 8; RELIABILITY I8).</summary>
internal sealed class OwnTermCommit : IInvariant
{
    private readonly Dictionary<string, (int Life, long Term, long Commit)> _leading = [];

    public void AfterStep(SimNode node)
    {
        if (node.Core is not { Role: RaftRole.Leader } core)
        {
            _leading.Remove(node.Id);
            return;
        }
        if (_leading.TryGetValue(node.Id, out var before) && before.Life == node.Life && before.Term == core.Term && core.CommitIndex > before.Commit && core.TermAt(core.CommitIndex) != core.Term)
            throw new BrokenInvariantException("Own-term commit", $"{node.Id} leads in term {core.Term} and commits entry {core.CommitIndex} of term {core.TermAt(core.CommitIndex)} by counting");
        _leading[node.Id] = (node.Life, core.Term, core.CommitIndex);
    }
}
