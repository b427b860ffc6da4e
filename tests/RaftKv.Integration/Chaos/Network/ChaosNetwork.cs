using System.Globalization;
using RaftKv.Embedded;
using RaftKv.Integration.Support;
using RaftKv.Testing;
using RaftKv.TestNode.Driver;

namespace RaftKv.Integration.Chaos.Network;

/// <summary>
/// The network of a chaos run. Each node is in its own network namespace where this process may create them, else all nodes are on
/// loopback; in both cases there is a proxy in front of each node. The kernel makes the faults of a namespace, the proxies make all others.
/// </summary>
public sealed class ChaosNetwork : IAsyncDisposable
{
    private const string InChain = "in";
    private const string OutChain = "out";

    private static int made;

    private readonly string prefix;
    private readonly string subnet;
    private readonly Dictionary<string, (string Listen, string Advertise)> addresses = [];

    private ChaosNetwork(IReadOnlyList<string> nodeIds, bool namespaces)
    {
        var number = (Environment.ProcessId + Interlocked.Increment(ref made)) % 250;
        prefix = string.Create(CultureInfo.InvariantCulture, $"rkv{number}");
        subnet = string.Create(CultureInfo.InvariantCulture, $"10.213.{number}");
        HasNamespaces = namespaces;
        Proxies = new LinkProxies(nodeIds);
        NodeIds = nodeIds;
    }

    public IReadOnlyList<string> NodeIds { get; }

    /// <summary>Whether faults by the kernel are possible: partitions, packet loss, resets.</summary>
    public bool HasNamespaces { get; }

    /// <summary>Why there are no network namespaces, for a message; <c>null</c> if there are.</summary>
    public static string? MissingForNamespaces { get; } = FindMissing();

    public LinkProxies Proxies { get; }

    public static ChaosNetwork Open(params string[] nodeIds)
    {
        var laboratory = new ChaosNetwork(nodeIds, MissingForNamespaces is null);
        try
        {
            if (laboratory.HasNamespaces)
                laboratory.MakeBridge();
            for (var i = 0; i < nodeIds.Length; i++)
                laboratory.Add(nodeIds[i], i + 1);
            return laboratory;
        }
        catch
        {
            laboratory.RemoveNamespaces();
            throw;
        }
    }

    public void Configure(RaftKvOptions options)
    {
        var (listen, advertise) = addresses[options.NodeId];
        options.ListenAddress = listen;
        options.AdvertiseAddress = advertise;
        options.AllowInsecurePeers = true;
    }

    public IReadOnlyList<string> LauncherOf(string nodeId) => HasNamespaces ? ["ip", "netns", "exec", NamespaceOf(nodeId)] : [];

    /// <summary>Drops all packets to the node, from the node, or both.</summary>
    public void Cut(string nodeId, bool inbound, bool outbound)
    {
        if (inbound)
            Rule(nodeId, InChain, "drop");
        if (outbound)
            Rule(nodeId, OutChain, "drop");
    }

    public void Lose(string nodeId, int percent) => Rule(nodeId, InChain, "numgen", "random", "mod", "100", "<", percent.ToString(CultureInfo.InvariantCulture), "drop");

    /// <summary>Every TCP packet to the node is answered with a reset, as if there were no connection.</summary>
    public void Refuse(string nodeId) => Rule(nodeId, InChain, "meta", "l4proto", "tcp", "reject", "with", "tcp", "reset");

    public void Heal(string nodeId)
    {
        if (!HasNamespaces)
            return;
        foreach (var chain in (string[])[InChain, OutChain])
            Inside(nodeId, "nft", "flush", "chain", "inet", "chaos", chain);
    }

    public async ValueTask DisposeAsync()
    {
        await Proxies.DisposeAsync();
        RemoveNamespaces();
    }

    private static string? FindMissing()
    {
        if (!OperatingSystem.IsLinux())
            return "network namespaces are Linux's";
        if (!Tool.Exists("ip") || !Tool.Exists("nft"))
            return "there is no ip or no nft on the PATH: apt-get install iproute2 nftables";
        var name = $"rkvprobe{Environment.ProcessId}";
        var error = Tool.Try("ip", "netns", "add", name);
        if (error.Length == 0)
        {
            error = Tool.Try("ip", "netns", "exec", name, "nft", "add", "table", "inet", "chaos");
            Tool.Try("ip", "netns", "del", name);
        }
        return error.Length == 0 ? null : $"network namespaces cannot be made here ({error})";
    }

    private void MakeBridge()
    {
        RemoveNamespaces();
        Tool.Run("ip", "link", "add", prefix, "type", "bridge");
        Tool.Run("ip", "addr", "add", $"{subnet}.1/24", "dev", prefix);
        Tool.Run("ip", "link", "set", prefix, "up");
    }

    private void Add(string nodeId, int number)
    {
        if (!HasNamespaces)
        {
            addresses[nodeId] = ($"127.0.0.1:{Ports.Take()}", $"127.0.0.1:{Ports.Take()}");
        }
        else
        {
            MakeNamespace(nodeId, number);
            addresses[nodeId] = ($"{subnet}.{10 + number}:7000", $"{subnet}.1:{7000 + number}");
        }
        Proxies.Add(nodeId, addresses[nodeId].Advertise, addresses[nodeId].Listen);
    }

    private void MakeNamespace(string nodeId, int number)
    {
        var (space, outside, inside) = (NamespaceOf(nodeId), $"{prefix}o{number}", $"{prefix}i{number}");
        Tool.Run("ip", "netns", "add", space);
        Tool.Run("ip", "link", "add", outside, "type", "veth", "peer", "name", inside);
        Tool.Run("ip", "link", "set", inside, "netns", space);
        Tool.Run("ip", "link", "set", outside, "master", prefix, "up");
        Inside(nodeId, "ip", "addr", "add", $"{subnet}.{10 + number}/24", "dev", inside);
        Inside(nodeId, "ip", "link", "set", inside, "up");
        Inside(nodeId, "ip", "link", "set", "lo", "up");
        Inside(nodeId, "nft", "add", "table", "inet", "chaos");
        Inside(nodeId, "nft", "add", "chain", "inet", "chaos", InChain, "{ type filter hook input priority 0; }");
        Inside(nodeId, "nft", "add", "chain", "inet", "chaos", OutChain, "{ type filter hook output priority 0; }");
    }

    private void RemoveNamespaces()
    {
        if (!HasNamespaces)
            return;
        foreach (var nodeId in NodeIds)
            Tool.Try("ip", "netns", "del", NamespaceOf(nodeId));
        Tool.Try("ip", "link", "del", prefix);
    }

    private void Rule(string nodeId, string chain, params string[] rule)
        => Inside(nodeId, ["nft", "add", "rule", "inet", "chaos", chain, chain == InChain ? "iifname" : "oifname", "!=", "lo", .. rule]);

    private void Inside(string nodeId, params string[] command) => Tool.Run("ip", ["netns", "exec", NamespaceOf(nodeId), .. command]);

    private string NamespaceOf(string nodeId) => $"{prefix}-{nodeId}";
}
