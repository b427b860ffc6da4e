using RaftKv.TestNode.Driver;

namespace RaftKv.Integration.Chaos.Faults;

/// <summary>kill -9 of some nodes at once.</summary>
public sealed class KillFault(int count) : ChaosFault
{
    public override string Name => $"kill {count}";

    public override async Task RunAsync(ChaosWorld world, Random random)
    {
        ClusterNode[] victims = [.. world.Nodes.OrderBy(_ => random.Next()).Take(count)];
        world.MayFault.UnionWith(victims.Select(v => v.NodeId));
        await Task.WhenAll(victims.Select(v => v.KillAsync()));
        await LastAsync(random, 0, 2);
        await Task.WhenAll(victims.Select(v => v.StartAsync()));
        world.MayFault.ExceptWith(victims.Select(v => v.NodeId));
    }
}
