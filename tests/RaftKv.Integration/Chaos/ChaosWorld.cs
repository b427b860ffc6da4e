using RaftKv.Embedded;
using RaftKv.Integration.Chaos.Network;
using RaftKv.Integration.Clocks;
using RaftKv.Integration.Support;
using RaftKv.TestNode.Driver;
using Xunit;

namespace RaftKv.Integration.Chaos;

/// <summary>
/// What the faults of a chaos run act on: three nodes, the network between them, the small disk of one, and the clocks of all.
/// </summary>
public sealed class ChaosWorld : IAsyncDisposable
{
    private const int DiskMegabytes = 384;

    private readonly MountedDirectory? disk;

    private ChaosWorld(TestCluster cluster, ChaosNetwork laboratory, NodeClocks clocks, MountedDirectory? disk)
        => (Cluster, ChaosNetwork, Clocks, this.disk) = (cluster, laboratory, clocks, disk);

    public TestCluster Cluster { get; }

    public ChaosNetwork ChaosNetwork { get; }

    public NodeClocks Clocks { get; }

    /// <summary>The node whose disk is small, if one could be made.</summary>
    public ClusterNode? SmallDisk => disk is null ? null : Cluster["node3"];

    public IReadOnlyList<ClusterNode> Nodes => Cluster.Nodes;

    /// <summary>What this machine does not permit.</summary>
    public IReadOnlyList<string> Missing { get; private init; } = [];

    /// <summary>Nodes that may be faulted, because a fault that is injected now causes it.</summary>
    public HashSet<string> MayFault { get; } = [];

    public static async Task<ChaosWorld> FormAsync()
    {
        var laboratory = ChaosNetwork.Open("node1", "node2", "node3");
        var clocks = new NodeClocks();
        var disk = MountedDirectory.TryMount(DiskMegabytes, out var error);
        var noDisk = disk is null ? $"no small disk can be mounted ({error})" : null;
        List<string> missing = [.. new[] { ChaosNetwork.MissingForNamespaces, NodeClocks.Missing, noDisk }.OfType<string>()];
        try
        {
            var cluster = await TestCluster.FormAsync(3, Configure, nodeId => NodeProgram.TestNode with { Launcher = laboratory.LauncherOf(nodeId), Environment = clocks.EnvironmentOf(nodeId) });
            return new ChaosWorld(cluster, laboratory, clocks, disk) { Missing = missing };
        }
        catch
        {
            disk?.Dispose();
            clocks.Dispose();
            await laboratory.DisposeAsync();
            throw;
        }

        void Configure(RaftKvOptions options)
        {
            laboratory.Configure(options);
            options.RequestTimeout = TimeSpan.FromSeconds(1);
            options.LogSegmentBytes = 4 * 1024 * 1024;
            options.SnapshotThresholdBytes = 8 * 1024 * 1024;
            options.LogRetentionBytes = 1024 * 1024;
            if (options.NodeId == "node3" && disk is not null)
                options.DataDirectory = Path.Combine(disk.Path, "data");
        }
    }

    /// <summary>Fills the rest of the small disk.</summary>
    public void FillDisk() => Tool.Try("dd", "if=/dev/zero", $"of={Ballast}", "bs=1M", $"count={DiskMegabytes}");

    public void EmptyDisk() => File.Delete(Ballast);

    /// <summary>Checks that every process runs and no replica is faulted, except the nodes in <see cref="MayFault"/>.</summary>
    public async Task CheckNodesAsync()
    {
        foreach (var node in Nodes.Where(n => !MayFault.Contains(n.NodeId)))
        {
            Assert.True(node.IsRunning, $"{node.NodeId}'s process has ended by itself:{Environment.NewLine}{node.LogTail()}");
            var status = await node.StatusAsync();
            Assert.True(status.Role != RaftKvRole.Faulted, $"{node.NodeId} is faulted: {status.Fault}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Cluster.DisposeAsync();
        disk?.Dispose();
        Clocks.Dispose();
        await ChaosNetwork.DisposeAsync();
    }

    private string Ballast => Path.Combine(disk!.Path, "ballast");
}
