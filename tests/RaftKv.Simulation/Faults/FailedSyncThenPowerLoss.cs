using RaftKv.Embedded;
using RaftKv.Embedded.Tests.Storage;

namespace RaftKv.Simulation.Faults;

/// <summary>
/// A follower's disk fails to sync a file or a directory, often while it installs a snapshot or drops a part of its log, and the process
/// ends because of it. The next process sees what the page cache has, and then the power goes, perhaps while the process starts: nothing
/// that it built may depend on what is lost.
/// </summary>
internal sealed class FailedSyncThenPowerLoss(Simulation run) : Fault(run)
{
    private static readonly long LookEvery = VirtualTime.Millisecond;

    public override bool IsEnabled(Swarm swarm) => swarm.FailedSyncs;

    public override bool Inject(SimRandom chance)
    {
        if (Leader is not { } leader || Followers(leader).FindAll(n => !n.MayFault) is not { Count: > 0 } followers)
            return false;
        var node = chance.Pick(followers);
        var length = chance.Between(100, 800) * VirtualTime.Millisecond;
        Run.Transcript.Add(node.Id, $"is cut off for {length / VirtualTime.Millisecond} ms, and its disk will fail to sync");
        Run.Network.Isolate(node, Run.Time.Now + length);
        var life = node.Life;
        Run.Time.After(length, () =>
        {
            if (Run.IsHealing || !node.IsListening || node.Life != life)
                return;
            node.MayFault = true;
            node.Disk.FailAt(chance.OneIn(2) ? DeviceOperation.SyncDirectory : DeviceOperation.Sync, (int)chance.Between(1, 3), RaftKvStorageError.Io);
            Watch(node, life, chance, Run.Time.Now + (4 * VirtualTime.Second));
        });
        return true;
    }

    /// <summary>
    /// Waits until the process has faulted, restarts it, and cuts the power a moment after the next process began to start.
    /// </summary>
    private void Watch(SimNode node, int life, SimRandom chance, long until) => Run.Time.After(LookEvery, () =>
    {
        if (Run.IsHealing || Run.Time.Now > until)
            return;
        if (node is { IsFaulted: true, IsUp: true } && node.Life == life)
        {
            node.Die(power: false);
            if (chance.OneIn(2))
                node.CutPowerIn(chance.Between(1, 20));
            Run.Faults.RestartIn(node, 10 * VirtualTime.Millisecond);
        }
        if (node.Life == life)
            Watch(node, life, chance, until);
        else
            Run.Time.After(chance.Between(0, 300) * VirtualTime.Millisecond, () => LosePower(node));
    });

    private void LosePower(SimNode node)
    {
        if (Run.IsHealing || !node.IsUp)
            return;
        node.Die(power: true);
        Run.Faults.RestartSoon(node);
    }
}
