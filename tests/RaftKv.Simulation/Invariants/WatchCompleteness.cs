using RaftKv.Embedded;
using RaftKv.Embedded.Client;

namespace RaftKv.Simulation.Invariants;

/// <summary>
/// What a watcher is told is exactly what the committed entries do to its keys: no gap, no duplicate, transactions whole, over crashes,
/// snapshots and changes of the leader. A state that it begins with is that of one version.
/// </summary>
internal sealed class WatchCompleteness : Invariant
{
    private const int Watchers = 6;

    // Random numbers of its own, so that watching changes nothing about a run.
    private readonly SimRandom _chance;
    private readonly List<SimWatch> _watches = [];

    public WatchCompleteness(ulong seed, CommittedHistory history)
    {
        _chance = new SimRandom(seed ^ 0x57A7C4);
        KvKeyRange[] ranges = [KvKeyRange.All, KvKeyRange.StartingWith("k"), KvKeyRange.Exactly("k0"), KvKeyRange.Exactly("k1"), KvKeyRange.Between("k1", "k4"), KvKeyRange.All];
        for (var i = 0; i < Watchers; i++)
            _watches.Add(new SimWatch(_chance, history.Changes, KeyRanges.Interval(ranges[i], 100), slowness: _chance.Pick([4, 30, 100, 2000])));
    }

    /// <summary>How many changes were compared.</summary>
    public long Compared => _watches.Sum(w => w.Compared);

    /// <summary>How often a watcher was told that what it needs is gone.</summary>
    public long Compactions => _watches.Sum(w => w.Compactions);

    public override void AfterStep(SimNode node)
    {
        if (!node.IsListening || node.Core is null)
            return;
        foreach (var watch in _watches)
        {
            var isDue = watch.Node is null ? _chance.OneIn(20) : watch.IsOn(node) && _chance.OneIn(watch.Slowness);
            if (!isDue)
                continue;
            if (node.Replica.Role is RaftKvRole.Stopped or RaftKvRole.Faulted)
                return;
            if (watch.Node is null)
                watch.Attach(node);
            watch.Read(1 + _chance.Below(8));
            if (_chance.OneIn(1000))
                watch.Detach();
        }
    }

    public void OnDown(SimNode node)
    {
        foreach (var watch in _watches.Where(w => w.Node == node))
            watch.Detach();
    }

    /// <summary>Once every node has applied everything, each watcher reaches the end.</summary>
    public void CheckComplete(IReadOnlyList<SimNode> members)
    {
        foreach (var member in members)
            ((IThreadPoolWorkItem)member.Applier.Changes.Watches).Execute();
        foreach (var watch in _watches)
        {
            for (var attempt = 0; watch.Node is null || !members.Contains(watch.Node) || !watch.Read(long.MaxValue); attempt++)
            {
                if (attempt > 2)
                    throw new BrokenInvariantException("Watch completeness", "a watcher on a member at rest is compacted again and again");
                watch.Detach();
                watch.Attach(_chance.Pick(members));
            }
            watch.CheckSeenAll();
            watch.Detach();
        }
    }
}
