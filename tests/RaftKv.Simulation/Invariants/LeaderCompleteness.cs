using RaftKv.Embedded.Consensus;

namespace RaftKv.Simulation.Invariants;

/// <summary>A leader has every entry that was committed in an earlier term (Raft §5.4, figure 3).</summary>
internal sealed class LeaderCompleteness(Simulation run) : Invariant
{
    private readonly HashSet<(string Node, long Term)> _checked = [];
    private readonly PerNode<long> _lastTerm = new();

    public override void AfterStep(SimNode node)
    {
        if (node.Core is not { Role: RaftRole.Leader } core || _lastTerm[node] == core.Term)
            return;
        _lastTerm[node] = core.Term;
        if (!_checked.Add((node.Id, core.Term)))
            return;
        var history = run.History;
        var index = history.Last.Index;
        // A late winner of an old term knows nothing of what later terms have committed.
        while (index > core.SnapshotIndex && history.CommitTermAt(index) >= core.Term)
            index--;
        if (index > core.SnapshotIndex && core.TermAt(index) != history.TermAt(index))
            throw new BrokenInvariantException("Leader completeness", $"{node.Id} leads in term {core.Term} without the committed entry {index} of term {history.TermAt(index)}");
    }
}
