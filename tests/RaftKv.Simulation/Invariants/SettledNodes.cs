namespace RaftKv.Simulation.Invariants;

/// <summary>
/// A node asks to be admitted until a committed configuration has had its data directory. An entry that only names it may be replaced, and
/// then a node that has stopped asking is never a member.
/// </summary>
internal sealed class SettledNodes(Simulation run) : Invariant
{
    /// <summary>
    /// The data directory of each process in the step before: a process takes a new identity when it finds that its directory went back in
    /// time.
    /// </summary>
    private readonly PerNode<(int Life, Guid Incarnation, bool IsSettled)> _seen = new();

    public override void AfterStep(SimNode node)
    {
        ref var seen = ref _seen[node];
        var incarnation = node.Identity.Incarnation;
        if (seen.Life != node.Life)
            seen = (node.Life, incarnation, false);
        if (!seen.IsSettled && node.Replica.IsSettled)
        {
            if (!HasHad(incarnation) && !HasHad(seen.Incarnation))
                throw new BrokenInvariantException("Settled nodes",
                    $"{node.Id} does not ask to be admitted any more, and no committed configuration has had it");
            seen.IsSettled = true;
        }
        seen.Incarnation = incarnation;

        bool HasHad(Guid directory) => run.History.HasHad(node.Id, directory, long.MaxValue, settled: false);
    }
}
