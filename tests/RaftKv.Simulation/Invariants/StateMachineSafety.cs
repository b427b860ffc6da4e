namespace RaftKv.Simulation.Invariants;

/// <summary>
/// Nodes that have applied the same index are in the same state, sessions and all (Raft §5.4.3), and apply only what is committed.
/// </summary>
internal sealed class StateMachineSafety(Simulation run) : Invariant
{
    private readonly PerNode<(int Life, long Applied)> _seen = new();

    public override void AfterStep(SimNode node)
    {
        var history = run.History;
        var state = node.Applier.State;
        var applied = state.Applied.Index;
        ref var seen = ref _seen[node];
        if (seen == (node.Life, applied))
            return;
        if (seen.Life == node.Life && applied < seen.Applied)
            throw new BrokenInvariantException("State machine safety", $"{node.Id} goes back from {seen.Applied} to {applied}");
        seen = (node.Life, applied);
        if (applied > history.Last.Index)
            throw new BrokenInvariantException("State machine safety", $"{node.Id} has applied {applied}, which is not committed");
        if (applied > 0 && state.Applied.Term != history.TermAt(applied))
            throw new BrokenInvariantException("State machine safety", $"{node.Id} has applied {state.Applied} instead of term {history.TermAt(applied)}");
        if (applied % CommittedHistory.DigestEvery == 0 && applied > 0 && state.Digest() != history.DigestAt(applied))
            throw new BrokenInvariantException("State machine safety", $"{node.Id} is in another state at {applied}");
    }
}
