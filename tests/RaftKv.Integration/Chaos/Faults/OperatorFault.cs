using RaftKv.Integration.Support;
using RaftKv.TestNode.Driver;

namespace RaftKv.Integration.Chaos.Faults;

/// <summary>A call of an operator at a bad time. Only this call may fail.</summary>
public sealed class OperatorFault(string name, Func<ClusterNode, Task> act) : ChaosFault
{
    public override string Name => name;

    public static OperatorFault Transfer() => new("leadership transfer", node => node.TransferLeadershipAsync());

    public static OperatorFault Snapshot() => new("snapshot", node => node.TakeSnapshotAsync());

    public override Task RunAsync(ChaosWorld world, Random random)
        => Calls.TryAsync(async () =>
        {
            await act(world.Nodes[random.Next(world.Nodes.Count)]);
            return true;
        });
}
