using System.Globalization;
using RaftKv.Embedded;
using Xunit;

namespace RaftKv.Integration.Support;

/// <summary>
/// Nodes in their own network namespaces behind one bridge. The link of each can be given a bandwidth (tc), in both directions.
/// </summary>
public sealed class SlowNetwork : IDisposable
{
    private static int made;

    private readonly string prefix;
    private readonly string subnet;
    private readonly List<string> nodeIds = [];

    private SlowNetwork()
    {
        var number = (Environment.ProcessId + Interlocked.Increment(ref made)) % 250;
        prefix = string.Create(CultureInfo.InvariantCulture, $"rk-net-{number}");
        subnet = string.Create(CultureInfo.InvariantCulture, $"10.214.{number}");
    }

    /// <summary>Skips the test where namespaces or tc are missing.</summary>
    public static SlowNetwork Open(params string[] nodeIds)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Network namespaces are Linux's.");
        Assert.SkipUnless(Tool.Exists("ip") && Tool.Exists("tc"), "There is no ip or no tc on the PATH. Install them (apt-get install iproute2) to run this test.");
        var network = new SlowNetwork();
        var error = Tool.Try("ip", "link", "add", network.prefix, "type", "bridge");
        Assert.SkipUnless(error.Length == 0, $"Network namespaces cannot be made here ({error}). Run this test as root.");
        try
        {
            Tool.Run("ip", "addr", "add", $"{network.subnet}.1/24", "dev", network.prefix);
            Tool.Run("ip", "link", "set", network.prefix, "up");
            foreach (var nodeId in nodeIds)
                network.Add(nodeId);
            return network;
        }
        catch
        {
            network.Dispose();
            throw;
        }
    }

    public void Configure(RaftKvOptions options)
    {
        options.ListenAddress = $"{AddressOf(options.NodeId)}:7000";
        options.PeerSecrets.Add("0123456789abcdef0123456789abcdef");
    }

    public IReadOnlyList<string> LauncherOf(string nodeId) => ["ip", "netns", "exec", NamespaceOf(nodeId)];

    /// <summary>Limits the link of a node, in each direction, to these megabytes per second; 0 removes the limit.</summary>
    public void Limit(string nodeId, double megabytesPerSecond)
    {
        Tool.Try("tc", "qdisc", "del", "dev", Outside(nodeId), "root");
        Tool.Try("ip", "netns", "exec", NamespaceOf(nodeId), "tc", "qdisc", "del", "dev", "eth0", "root");
        if (megabytesPerSecond == 0)
            return;
        var rate = string.Create(CultureInfo.InvariantCulture, $"{megabytesPerSecond * 8000:0}kbit");
        string[] limit = ["root", "tbf", "rate", rate, "burst", "32k", "latency", "400ms"];
        Tool.Run("tc", ["qdisc", "add", "dev", Outside(nodeId), .. limit]);
        Tool.Run("ip", ["netns", "exec", NamespaceOf(nodeId), "tc", "qdisc", "add", "dev", "eth0", .. limit]);
    }

    /// <summary>Takes the link of the node down, in both directions, until <see cref="Restore"/>.</summary>
    public void Cut(string nodeId) => Tool.Run("ip", "link", "set", Outside(nodeId), "down");

    public void Restore(string nodeId) => Tool.Run("ip", "link", "set", Outside(nodeId), "up");

    /// <summary>From now on each node has a name with two addresses, and at the first one nothing answers and nothing refuses.</summary>
    public void GiveNamesWithASilentAddress()
    {
        var silent = $"{subnet}.14";
        foreach (var nodeId in nodeIds)
        {
            var space = NamespaceOf(nodeId);
            // No machine has this hardware address, so what is sent to it is lost without an answer.
            Tool.Run("ip", "netns", "exec", space, "ip", "neigh", "add", silent, "lladdr", "02:00:00:00:00:14", "dev", "eth0");
            Directory.CreateDirectory(FilesOf(nodeId));
            File.WriteAllLines(Path.Combine(FilesOf(nodeId), "hosts"), nodeIds.SelectMany(n => (string[])[$"{silent} {NameOf(n)}", $"{AddressOf(n)} {NameOf(n)}"]));
        }
    }

    public static string NameOf(string nodeId) => $"{nodeId}.test";

    /// <summary>Bytes that were sent to a node so far, with all headers.</summary>
    public long BytesSentTo(string nodeId)
        => long.Parse(File.ReadAllText($"/sys/class/net/{Outside(nodeId)}/statistics/tx_bytes"), CultureInfo.InvariantCulture);

    public void Dispose()
    {
        foreach (var nodeId in nodeIds)
        {
            Tool.Try("ip", "netns", "del", NamespaceOf(nodeId));
            if (Directory.Exists(FilesOf(nodeId)))
                Directory.Delete(FilesOf(nodeId), recursive: true);
        }
        Tool.Try("ip", "link", "del", prefix);
    }

    private void Add(string nodeId)
    {
        nodeIds.Add(nodeId);
        var space = NamespaceOf(nodeId);
        Tool.Run("ip", "netns", "add", space);
        Tool.Run("ip", "link", "add", Outside(nodeId), "type", "veth", "peer", "name", "eth0", "netns", space);
        Tool.Run("ip", "link", "set", Outside(nodeId), "master", prefix, "up");
        Tool.Run("ip", "netns", "exec", space, "ip", "addr", "add", $"{AddressOf(nodeId)}/24", "dev", "eth0");
        Tool.Run("ip", "netns", "exec", space, "ip", "link", "set", "eth0", "up");
        Tool.Run("ip", "netns", "exec", space, "ip", "link", "set", "lo", "up");
    }

    private string AddressOf(string nodeId) => $"{subnet}.1{nodeId[^1]}";

    /// <summary>Files that take the place of those in /etc for processes of the namespace.</summary>
    private string FilesOf(string nodeId) => $"/etc/netns/{NamespaceOf(nodeId)}";

    private string NamespaceOf(string nodeId) => $"{prefix}-{nodeId}";

    private string Outside(string nodeId) => $"{prefix}-{nodeId[^1]}";
}
