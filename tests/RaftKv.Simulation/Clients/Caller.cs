using RaftKv.Embedded;

namespace RaftKv.Simulation.Clients;

/// <summary>Makes one call after the other, each on a node that chance picks: reads, writes, increments by condition, deletes.</summary>
internal sealed class Caller(Simulation run)
{
    public void Start() => run.Time.After(run.Chance.Around(run.Swarm.ThinkTime), Next);

    private void Next()
    {
        if (run.IsHealing)
            return;
        var candidates = run.Nodes.Where(n => n.IsUp && n.PausedUntil <= run.Time.Now && (n.Core is not null || run.MayFound(n))).ToList();
        if (candidates.Count == 0)
        {
            Think();
            return;
        }
        var node = run.Chance.Pick(candidates);
        var key = $"k{run.Chance.Below(run.Swarm.Keys)}";
        switch (run.Chance.Below(10))
        {
            case < 3: Write(node, key); break;
            case < 6: Increment(node, key); break;
            case 6: WriteCall.Delete(run, node, key, run.Chance.OneIn(2) ? KvCondition.Exists : default, _ => Think()); break;
            case 7 when node.Core is not null: _ = new ReadCall(run, node, key, KvConsistency.Stale, _ => Think()); break;
            default: _ = new ReadCall(run, node, key, Fresh, _ => Think()); break;
        }
        node.Run("caller", () => { });
    }

    private KvConsistency Fresh => run.Swarm.Leases && run.Chance.OneIn(2) ? KvConsistency.LeaderLease : KvConsistency.Linearizable;

    private void Write(SimNode node, string key)
    {
        var call = WriteCall.Set(run, node, key, run.NextOperation(), 0, run.Chance.OneIn(4) ? KvCondition.NotExists : default, _ => Think());
        if (run.Swarm.Cancels && run.Chance.OneIn(4))
            run.Time.After(run.Chance.Around(run.Swarm.NetworkDelay * 2), call.Cancel);
    }

    private void Increment(SimNode node, string key)
    {
        ReadCall? read = null;
        var life = node.Life;
        read = new ReadCall(run, node, key, Fresh, succeeded =>
        {
            if (!succeeded || !node.IsUp || node.Life != life)
                Think();
            else
                run.Time.After(run.Chance.Below(VirtualTime.Millisecond), () => IncrementFrom(node, life, key, read!.Found));
        });
    }

    private void IncrementFrom(SimNode node, int life, string key, (long Version, long Count) found)
    {
        if (!node.IsUp || node.Life != life)
            Think();
        else
            WriteCall.Set(run, node, key, run.NextOperation(), found.Count + 1, found.Version == 0 ? KvCondition.NotExists : KvCondition.VersionIs(new KvVersion(found.Version)), _ => Think());
    }

    private void Think() => run.Time.After(run.Chance.Around(run.Swarm.ThinkTime), Next);
}
