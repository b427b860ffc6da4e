using RaftKv.Embedded;
using RaftKv.Embedded.Node;

namespace RaftKv.Simulation.Faults;

/// <summary>An operator has a snapshot taken now.</summary>
internal sealed class SnapshotOnDemand(Simulation run) : Fault(run)
{
    public override bool IsEnabled(Swarm swarm) => swarm.SnapshotsOnDemand;

    public override bool Inject(SimRandom chance)
    {
        var node = Any(chance);
        if (!node.IsUp)
            return false;
        node.Replica.Post(new SnapshotWanted(new TaskCompletionSource<KvVersion>()));
        node.Schedule();
        return true;
    }
}
