using RaftKv.Embedded.Consensus;

namespace RaftKv.Simulation.Invariants;

/// <summary>At most one leader per term (Raft §5.2, figure 3), in the whole history of the cluster.</summary>
internal sealed class ElectionSafety(Simulation run) : Invariant
{
    private readonly Dictionary<long, string> _leaders = [];
    private readonly PerNode<int> _lives = new();

    // An only voter elects itself before its disk has the term, and sends nothing in this term until then. When its process dies, that
    // leadership may be lost without a trace.
    private readonly PerNode<long?> _alone = new();

    public int Elections => _leaders.Count;

    public override void AfterStep(SimNode node)
    {
        if (node.Core is not { } core)
            return;
        ref var life = ref _lives[node];
        if (life != node.Life)
        {
            if (_alone[node] is { } led && led > core.Term)
                _leaders.Remove(led);
            _alone[node] = null;
            life = node.Life;
        }
        if (core.Role != RaftRole.Leader)
            return;
        if (core.Configuration.VoterCount == 1)
            _alone[node] = core.Term;
        if (_leaders.TryAdd(core.Term, node.Id))
            run.OnElected(node);
        else if (_leaders[core.Term] != node.Id)
            throw new BrokenInvariantException("Election safety", $"{node.Id} and {_leaders[core.Term]} lead in term {core.Term}");
    }
}
