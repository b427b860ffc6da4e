using RaftKv.Embedded.StateMachine;

namespace RaftKv.Simulation.Invariants;

/// <summary>What waits is bounded (docs/architecture.md, "Limits"; RELIABILITY I18): the log that is not applied, what is under way to one peer, sessions.</summary>
internal sealed class BoundedMemory(Simulation run) : IInvariant
{
    public void AfterStep(SimNode node)
    {
        if (node.Core is not { } core)
            return;
        var largest = run.Swarm.ValueBytes + 1024L;
        // Proposals are refused beyond the limit; one turn may bring what all callers wait for.
        var unapplied = 3 * run.Swarm.MaxPendingBytes + 2 * run.Swarm.LogCacheBytes + 2 * run.Swarm.Callers * largest * run.Nodes.Count;
        Check(node, core.UnappliedBytes <= unapplied, $"{core.UnappliedBytes} bytes of log wait to be applied, over {unapplied}");
        foreach (var peer in core.Peers)
            Check(node, peer.InflightMessages <= run.Swarm.MaxInflightMessages, $"{peer.InflightMessages} messages are under way to {peer.NodeId}");
        Check(node, node.Applier.State.SessionCount <= SessionTable.MaxSessions, "there are too many sessions");
    }

    private static void Check(SimNode node, bool holds, string how)
    {
        if (!holds)
            throw new BrokenInvariantException("Bounded memory", $"{node.Id}: {how}");
    }
}
