using RaftKv.Embedded.Consensus;

namespace RaftKv.Simulation.Invariants;

/// <summary>At most one leader per term (Raft §5.2, figure 3), in the whole history of the cluster.</summary>
internal sealed class ElectionSafety(Simulation run) : IInvariant
{
    private readonly Dictionary<long, string> _leaders = [];

    public int Elections => _leaders.Count;

    public void AfterStep(SimNode node)
    {
        if (node.Core is not { Role: RaftRole.Leader } core)
            return;
        if (_leaders.TryAdd(core.Term, node.Id))
            run.OnElected(node);
        else if (_leaders[core.Term] != node.Id)
            throw new BrokenInvariantException("Election safety", $"{node.Id} and {_leaders[core.Term]} lead in term {core.Term}");
    }
}
