using RaftKv.Embedded;

namespace RaftKv.Simulation.Clients;

/// <summary>Makes one call after the other, each on a random node.</summary>
internal sealed class Caller(Simulation run, Workload workload, SimRandom chance)
{
    public SimRandom Random => chance;

    public void Start() => run.Time.After(chance.Around(run.Swarm.ThinkTime), Next);

    /// <summary>
    /// The consistency of a read that must see everything acknowledged before it; sometimes that of a read under a lease.
    /// </summary>
    public KvConsistency Fresh => run.Swarm.Leases && chance.OneIn(2) ? KvConsistency.LeaderLease : KvConsistency.Linearizable;

    /// <summary>A random node that takes calls now; <c>null</c> when there is none.</summary>
    public SimNode? AnyNode()
    {
        var candidates = run.Nodes.Where(n => n.IsUp && n.PausedUntil <= run.Time.Now && (n.Core is not null || run.MayFound(n))).ToList();
        return candidates.Count == 0 ? null : chance.Pick(candidates);
    }

    private void Next()
    {
        if (run.IsHealing)
            return;
        if (AnyNode() is { } node)
        {
            workload.Next(chance).Make(this, node, $"k{chance.Below(run.Swarm.Keys)}", Think);
            node.Run("caller", () => { });
        }
        else
        {
            Think();
        }
    }

    private void Think() => run.Time.After(chance.Around(workload.ThinkTime), Next);
}
