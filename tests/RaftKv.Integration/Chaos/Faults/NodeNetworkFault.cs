using RaftKv.Integration.Chaos.Network;

namespace RaftKv.Integration.Chaos.Faults;

/// <summary>Faults of all packets from or to one node, made by the kernel: partitions, packet loss, resets.</summary>
public sealed class NodeNetworkFault(string name, Action<ChaosNetwork, string, Random> act) : ChaosFault
{
    public override string Name => name;

    public static IEnumerable<NodeNetworkFault> All() =>
    [
        new("partition", (lab, node, _) => lab.Cut(node, inbound: true, outbound: true)),
        new("partition, deaf", (lab, node, _) => lab.Cut(node, inbound: true, outbound: false)),
        new("partition, mute", (lab, node, _) => lab.Cut(node, inbound: false, outbound: true)),
        new("packet loss", (lab, node, random) => lab.Lose(node, random.Next(1, 31))),
        new("resets by the kernel", (lab, node, _) => lab.Refuse(node)),
    ];

    public override bool IsPossible(ChaosWorld world) => world.ChaosNetwork.HasNamespaces;

    public override async Task RunAsync(ChaosWorld world, Random random)
    {
        var node = world.Nodes[random.Next(world.Nodes.Count)].NodeId;
        act(world.ChaosNetwork, node, random);
        await LastAsync(random, 1, 5);
        world.ChaosNetwork.Heal(node);
    }
}
