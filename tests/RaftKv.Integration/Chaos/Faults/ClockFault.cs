using RaftKv.Integration.Clocks;

namespace RaftKv.Integration.Chaos.Faults;

/// <summary>The wall clock of one node, or of all, jumps by up to an hour, forward or back, and later returns.</summary>
public sealed class ClockFault : ChaosFault
{
    public override string Name => "clock step";

    public override bool IsPossible(ChaosWorld world) => NodeClocks.Missing is null;

    public override async Task RunAsync(ChaosWorld world, Random random)
    {
        var all = random.Next(3) == 0;
        var only = world.Nodes[random.Next(world.Nodes.Count)];
        foreach (var node in world.Nodes.Where(n => all || n == only))
            world.Clocks.Put(node.NodeId, TimeSpan.FromSeconds(random.Next(-3600, 3601)));
        await LastAsync(random, 2, 5);
        foreach (var node in world.Nodes)
            world.Clocks.Put(node.NodeId, TimeSpan.Zero);
        await LastAsync(random, 1, 1.5);
    }
}
