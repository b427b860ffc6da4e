using Xunit;

namespace RaftKv.Embedded.Tests.Hosting;

/// <summary>The older of two snapshots on the disk replaces a damaged newer one, because the log still reaches back to it.</summary>
public sealed class SnapshotFallbackTests : IDisposable
{
    private readonly TestFolder _folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string Snapshots => Path.Combine(_folder.Sub("node"), "snapshots");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public async Task A_damaged_newest_snapshot_costs_nothing(int snapshots)
    {
        await using (var node = await StartAsync())
        {
            for (var round = 0; round < snapshots; round++)
            {
                await FillAsync(node, round);
                await node.Cluster.TakeSnapshotAsync(Cancel);
            }
            await FillAsync(node, snapshots);
        }
        var files = Directory.GetFiles(Snapshots, "*.snap").Order(StringComparer.Ordinal).ToArray();
        Assert.Equal(Math.Min(2, snapshots), files.Length);
        Damage(files[^1]);

        await using var again = await StartAsync();
        await again.Cluster.WaitUntilReadyAsync(Cancel);

        Assert.Single(Directory.GetFiles(Snapshots, "*.damaged"));
        for (var round = 0; round <= snapshots; round++)
        {
            for (var i = 0; i < 20; i++)
                Assert.Equal(64 * 1024, (await again.Kv.GetAsync($"k{round}-{i}", cancellationToken: Cancel)).Value.Length);
        }
    }

    /// <summary>Writes more than a segment of the log.</summary>
    private static async Task FillAsync(TestNode node, int round)
    {
        for (var i = 0; i < 20; i++)
            await node.Kv.SetAsync($"k{round}-{i}", new byte[64 * 1024], cancellationToken: Cancel);
    }

    private static void Damage(string path)
    {
        var bytes = File.ReadAllBytes(path);
        bytes[bytes.Length / 2] ^= 1;
        File.WriteAllBytes(path, bytes);
    }

    private Task<TestNode> StartAsync() => TestNode.StartAsync(o =>
    {
        o.LogSegmentBytes = 1024 * 1024;
        o.DataDirectory = _folder.Sub("node");
        o.LogRetentionBytes = 0;
    });
}
