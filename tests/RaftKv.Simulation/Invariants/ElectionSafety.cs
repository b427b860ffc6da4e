using RaftKv.Embedded.Consensus;

namespace RaftKv.Simulation.Invariants;

/// <summary>At most one leader per term (Raft §5.2, figure 3), in the whole history of the cluster.</summary>
internal sealed class ElectionSafety(Simulation run) : IInvariant
{
    private readonly Dictionary<long, string> _leaders = [];
    private readonly Dictionary<string, int> _lives = [];

    // Who is the only voter elects itself before its disk has the term, in which nothing leaves it until then. With its process that leadership may be gone without a trace.
    private readonly Dictionary<string, long> _alone = [];

    public int Elections => _leaders.Count;

    public void AfterStep(SimNode node)
    {
        if (node.Core is not { } core)
            return;
        if (_lives.GetValueOrDefault(node.Id) != node.Life && _alone.Remove(node.Id, out var led) && led > core.Term)
            _leaders.Remove(led);
        _lives[node.Id] = node.Life;
        if (core.Role != RaftRole.Leader)
            return;
        if (core.Configuration.VoterCount == 1)
            _alone[node.Id] = core.Term;
        if (_leaders.TryAdd(core.Term, node.Id))
            run.OnElected(node);
        else if (_leaders[core.Term] != node.Id)
            throw new BrokenInvariantException("Election safety", $"{node.Id} and {_leaders[core.Term]} lead in term {core.Term}");
    }
}
