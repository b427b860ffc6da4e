using RaftKv.Integration.Chaos.Network;

namespace RaftKv.Integration.Chaos.Faults;

/// <summary>Faults of single connections, made by the proxies in front of the nodes: delay, silence, low bandwidth, resets.</summary>
public sealed class LinkFault(string name, Func<ChaosWorld, Random, IReadOnlyList<LinkState>> choose, Action<LinkState, Random> act) : ChaosFault
{
    public override string Name => name;

    public static IEnumerable<LinkFault> All() =>
    [
        new("delay", OfOneNode, (link, random) => link.DelayMs = random.Next(1, 120)),
        new("half-open", OneWay, (link, _) => link.IsSilent = true),
        new("silent pair", OfOnePair, (link, _) => link.IsSilent = true),
        new("silent node", OfOneNode, (link, _) => link.IsSilent = true),
        new("slow reader", OneWay, (link, random) => link.BytesPerSecond = random.Next(100, 10_000)),
        new("connections reset", OfOneNode, (link, _) => link.Reset()),
    ];

    public override async Task RunAsync(ChaosWorld world, Random random)
    {
        var links = choose(world, random);
        for (var i = random.Next(1, 4); i > 0; i--)
        {
            foreach (var link in links)
                act(link, random);
            await LastAsync(random, 0.5, 2);
        }
        foreach (var link in links)
            link.Heal();
    }

    private static IReadOnlyList<LinkState> OfOneNode(ChaosWorld world, Random random) => [.. world.ChaosNetwork.Proxies.Of(Any(world, random))];

    private static IReadOnlyList<LinkState> OfOnePair(ChaosWorld world, Random random)
    {
        var (a, b) = Two(world, random);
        return [world.ChaosNetwork.Proxies[a, b], world.ChaosNetwork.Proxies[b, a]];
    }

    private static IReadOnlyList<LinkState> OneWay(ChaosWorld world, Random random)
    {
        var (a, b) = Two(world, random);
        return [world.ChaosNetwork.Proxies[a, b]];
    }

    private static (string A, string B) Two(ChaosWorld world, Random random)
    {
        string[] two = [.. world.ChaosNetwork.NodeIds.OrderBy(_ => random.Next()).Take(2)];
        return (two[0], two[1]);
    }

    private static string Any(ChaosWorld world, Random random) => world.ChaosNetwork.NodeIds[random.Next(world.ChaosNetwork.NodeIds.Count)];
}
