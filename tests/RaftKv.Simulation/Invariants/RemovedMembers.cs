using RaftKv.Embedded.Consensus;

namespace RaftKv.Simulation.Invariants;

/// <summary>
/// A node says that it was removed only when a committed configuration has had it, under the identity its disk has now. A new node reads
/// its way through configurations from before it was added, and is none of their removed members.
/// </summary>
internal sealed class RemovedMembers(Simulation run) : Invariant
{
    public override void AfterStep(SimNode node)
    {
        if (node.Core is { Role: RaftRole.Removed } && !run.History.HasHad(node.Id, node.Identity.Incarnation, long.MaxValue, settled: false))
            throw new BrokenInvariantException("Removed members", $"{node.Id} says that it was removed, and no committed configuration has ever had it");
    }
}
