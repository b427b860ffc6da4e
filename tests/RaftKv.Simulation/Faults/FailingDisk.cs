using RaftKv.Embedded;
using RaftKv.Embedded.Tests.Storage;

namespace RaftKv.Simulation.Faults;

/// <summary>An operation of the disk fails for good; the data of a failed sync never reaches the disk (fsyncgate).</summary>
internal sealed class FailingDisk(Simulation run) : Fault(run)
{
    public override bool IsEnabled(Swarm swarm) => swarm.DiskFaults;

    public override bool Inject(SimRandom chance)
    {
        var node = Any(chance);
        if (!node.IsListening)
            return false;
        var operation = chance.Pick([DeviceOperation.Write, DeviceOperation.Sync, DeviceOperation.Sync, DeviceOperation.Create, DeviceOperation.SyncDirectory]);
        Run.Transcript.Add(node.Id, $"its disk will fail at a {operation}");
        node.MayFault = true;
        node.Disk.FailAt(operation, (int)chance.Between(1, 10), RaftKvStorageError.Io);
        return true;
    }
}
