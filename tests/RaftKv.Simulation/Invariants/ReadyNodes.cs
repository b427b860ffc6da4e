namespace RaftKv.Simulation.Invariants;

/// <summary>
/// A node that says it is ready has applied everything that was committed when its process started, and a committed configuration has it in the role it was configured for: who replaces disks one after the
/// other goes by nothing else.
/// </summary>
internal sealed class ReadyNodes(Simulation run) : IInvariant
{
    private readonly Dictionary<string, (int Life, long Committed)> _started = [];

    public void AfterStep(SimNode node)
    {
        if (!_started.TryGetValue(node.Id, out var started) || started.Life != node.Life)
            _started[node.Id] = started = (node.Life, run.History.Last.Index);
        if (node.Core is not { } core || !node.Replica.IsReady)
            return;
        if (node.Applier.AppliedIndex < started.Committed)
            Break(node, $"has applied {node.Applier.AppliedIndex}, and {started.Committed} was committed when it started");
        if (!run.History.HasHad(node.Id, node.Identity.Incarnation, core.CommitIndex, settled: true))
            Break(node, "no committed configuration that it knows has had it as more than a newcomer");
    }

    private static void Break(SimNode node, string how) => throw new BrokenInvariantException("Ready nodes", $"{node.Id} says that it is ready, and {how}");
}
