using RaftKv.Embedded.Consensus;

namespace RaftKv.Simulation.Invariants;

/// <summary>
/// A node that says it is ready has applied everything that was committed when its process started, and a committed configuration has it in
/// the role that it was configured for: an operator who replaces disks one after the other relies on nothing else.
/// </summary>
internal sealed class ReadyNodes(Simulation run) : Invariant
{
    private readonly PerNode<(int Life, long Committed, Guid Had, RaftCore? HadBy)> _started = new();

    public override void AfterStep(SimNode node)
    {
        ref var started = ref _started[node];
        if (started.Life != node.Life)
            started = (node.Life, run.History.Last.Index, Guid.Empty, null);
        if (node.Core is not { } core || !node.Replica.IsReady)
            return;
        if (node.Applier.AppliedIndex < started.Committed)
            Break(node, $"has applied {node.Applier.AppliedIndex}, and {started.Committed} was committed when it started");
        // What a core knows to be committed only grows.
        var incarnation = node.Identity.Incarnation;
        if (started.Had == incarnation && started.HadBy == core)
            return;
        if (!run.History.HasHad(node.Id, incarnation, core.CommitIndex, settled: true))
            Break(node, "no committed configuration that it knows has had it as more than a new node");
        (started.Had, started.HadBy) = (incarnation, core);
    }

    private static void Break(SimNode node, string how) => throw new BrokenInvariantException("Ready nodes", $"{node.Id} says that it is ready, and {how}");
}
