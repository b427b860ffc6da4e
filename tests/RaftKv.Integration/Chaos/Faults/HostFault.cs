using RaftKv.TestNode.Driver;

namespace RaftKv.Integration.Chaos.Faults;

/// <summary>
/// Load by the application around the replica: it blocks every thread of the pool, or forces garbage collections that stop all threads.
/// </summary>
public sealed class HostFault(string name, Func<ClusterNode, double, Task> act) : ChaosFault
{
    public override string Name => name;

    public static HostFault BlockedPool() => new("blocked thread pool", (node, seconds) => node.BlockThreadPoolAsync(seconds));

    public static HostFault GarbageCollections() => new("garbage collections", (node, seconds) => node.CollectGarbageAsync(seconds));

    public override async Task RunAsync(ChaosWorld world, Random random)
    {
        var node = world.Nodes[random.Next(world.Nodes.Count)];
        var seconds = 1 + random.NextDouble() * 4;
        await act(node, seconds);
        await Task.Delay(TimeSpan.FromSeconds(seconds));
    }
}
