using RaftKv.Embedded;
using RaftKv.Embedded.Tests.Storage;

namespace RaftKv.Simulation.Faults;

/// <summary>A disk has no room for a while.</summary>
internal sealed class FullDisk(Simulation run) : Fault(run)
{
    public override bool IsEnabled(Swarm swarm) => swarm.DiskFaults;

    public override bool Inject(SimRandom chance)
    {
        var node = Any(chance);
        if (!node.IsListening)
            return false;
        Run.Transcript.Add(node.Id, "its disk is full");
        node.Disk.FreeBytes = 0;
        if (chance.OneIn(2))
        {
            node.MayFault = true;
            node.Disk.FailAt(chance.OneIn(2) ? DeviceOperation.Write : DeviceOperation.Create, (int)chance.Between(1, 4), RaftKvStorageError.DiskFull);
        }
        var disk = node.Disk;
        Run.Time.After(chance.Around(2 * VirtualTime.Second), () => disk.FreeBytes = long.MaxValue);
        return true;
    }
}
