using System.Globalization;
using RaftKv.Embedded;
using RaftKv.Integration.Support;
using RaftKv.TestNode.Driver;
using Xunit;

namespace RaftKv.Integration;

/// <summary>
/// Nodes without disks (<see cref="RaftKvDurability.Memory"/>), as processes: they satisfy the contract and write no file.
/// </summary>
public sealed class InMemoryTests : IntegrationTest
{
    private const int WriteAccess = 3;

    [Fact]
    public async Task A_cluster_without_disks_does_what_the_contract_says_and_writes_no_file()
    {
        var cluster = await FormAsync(configure: o =>
        {
            (o.Durability, o.SnapshotThresholdBytes, o.LogRetentionBytes) = (RaftKvDurability.Memory, 64 * 1024, 0);
            o.WatchPreviousValues = true;
        });
        var leader = await cluster.LeaderAsync();
        var follower = cluster.Nodes.First(n => n != leader);

        var report = await follower.RunConformanceAsync();

        Assert.True(report.Failures.Length == 0,
            $"{report.Failures.Length} of {report.Cases} cases failed:\n{string.Join('\n', report.Failures)}");
        Assert.True((await follower.StatusAsync()).SnapshotIndex > 0, "it has taken snapshots");
        Assert.All(cluster.Nodes, n => Assert.False(Directory.Exists(n.Options.DataDirectory), n.Options.DataDirectory));
        if (OperatingSystem.IsLinux())
            Assert.All(cluster.Nodes, n => Assert.Empty(FilesOpenForWriting(n)));
    }

    private static IEnumerable<string> FilesOpenForWriting(ClusterNode node)
    {
        var process = $"/proc/{node.ProcessId}";
        foreach (var descriptor in Directory.EnumerateFileSystemEntries($"{process}/fd"))
        {
            var target = File.ResolveLinkTarget(descriptor, returnFinalTarget: false)?.FullName ?? "";
            var information = File.ReadLines($"{process}/fdinfo/{Path.GetFileName(descriptor)}");
            var flags = information.First(line => line.StartsWith("flags:", StringComparison.Ordinal));
            var isWritable = (Convert.ToInt32(flags["flags:".Length..].Trim(), 8) & WriteAccess) != 0;
            if (isWritable && File.Exists(target) && !target.StartsWith("/dev/", StringComparison.Ordinal))
                yield return string.Create(CultureInfo.InvariantCulture, $"{descriptor} -> {target}");
        }
    }
}
