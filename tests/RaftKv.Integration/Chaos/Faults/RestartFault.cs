namespace RaftKv.Integration.Chaos.Faults;

/// <summary>A graceful stop, and a start.</summary>
public sealed class RestartFault : ChaosFault
{
    public override string Name => "restart";

    public override async Task RunAsync(ChaosWorld world, Random random)
    {
        var node = world.Nodes[random.Next(world.Nodes.Count)];
        world.MayFault.Add(node.NodeId);
        await node.StopAsync();
        await node.StartAsync();
        world.MayFault.Remove(node.NodeId);
    }
}
