using RaftKv.Embedded.Log;

namespace RaftKv.Simulation.Invariants;

/// <summary>
/// An entry commits only once more than half of the voters of the configuration in force have it on their disks (Raft §5.3), so that what
/// is acknowledged survives the loss of any minority. That applied ≤ committed ≤ last holds is checked by the core itself after every step,
/// in every build.
/// </summary>
internal static class DurableOnQuorum
{
    public static void Check(Simulation run, SimNode node, ClusterConfiguration before, ClusterConfiguration after)
    {
        if (!HasQuorum(run, before) && !HasQuorum(run, after))
            throw new BrokenInvariantException("Durable on a quorum", $"{node.Id} commits {run.History.Last}, which is durable on no quorum of {after}");
    }

    private static bool HasQuorum(Simulation run, ClusterConfiguration configuration) =>
        configuration.Members.Count(m => m.IsVoter && run.NodeAt(m.Address).HasDurably(run.History.Last, m.Incarnation)) >= configuration.Quorum;
}
