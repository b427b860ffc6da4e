namespace RaftKv.Integration.Chaos.Faults;

/// <summary>One node is cut off and connected again several times a second.</summary>
public sealed class FlappingFault : ChaosFault
{
    public override string Name => "flapping";

    public override bool IsPossible(ChaosWorld world) => world.ChaosNetwork.HasNamespaces;

    public override async Task RunAsync(ChaosWorld world, Random random)
    {
        var node = world.Nodes[random.Next(world.Nodes.Count)].NodeId;
        for (var i = random.Next(5, 15); i > 0; i--)
        {
            world.ChaosNetwork.Cut(node, inbound: true, outbound: true);
            await LastAsync(random, 0.1, 0.3);
            world.ChaosNetwork.Heal(node);
            await LastAsync(random, 0.1, 0.3);
        }
    }
}
