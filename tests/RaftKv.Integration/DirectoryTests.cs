using System.Text;
using RaftKv.Embedded;
using RaftKv.Integration.Support;
using RaftKv.TestNode.Driver;
using RaftKv.TestNode.Protocol;
using Xunit;

namespace RaftKv.Integration;

/// <summary>
/// Data directories of another node or cluster, in use, or damaged: they are refused with an error that names them, and never served.
/// </summary>
public sealed class DirectoryTests : IntegrationTest
{
    [Fact]
    public async Task A_directory_that_another_process_has_open_is_refused_and_the_other_goes_on()
    {
        var cluster = await FormAsync(1);
        var node = cluster.Nodes[0];
        await node.SetAsync("key", "value");
        var second = NoNodes().AddNode(node.NodeId, o => o.DataDirectory = node.Options.DataDirectory);

        var error = await StartFailsAsync(second);

        AssertStorage(RaftKvStorageError.Locked, error, node);
        await node.SetAsync("key", "still works");
    }

    [Fact]
    public async Task A_directory_of_another_node_is_refused()
    {
        var cluster = await FormAsync();
        await cluster["node2"].KillAsync();
        var impostor = cluster.AddNode("impostor", o => o.DataDirectory = cluster["node2"].Options.DataDirectory);

        var error = await StartFailsAsync(impostor);

        AssertStorage(RaftKvStorageError.ForeignDirectory, error, cluster["node2"]);
        await cluster["node2"].StartAsync();
        await cluster["node2"].WaitUntilReadyAsync();
    }

    [Fact]
    public async Task A_node_with_the_directory_of_another_cluster_is_kept_out_by_the_cluster_id()
    {
        var cluster = await FormAsync(configure: Steady);
        var foreign = await FormAsync(3, Steady);
        await cluster["node1"].SetAsync("key", "ours");
        await foreign["node1"].SetAsync("key", "theirs");
        await cluster["node3"].KillAsync();
        var before = await LeadershipAsync(cluster);
        foreach (var node in foreign.Nodes)
            await node.KillAsync();
        var strayed = NoNodes(Steady).AddNode("node3", o =>
        {
            (o.ListenAddress, o.DataDirectory) = (cluster["node3"].Address, foreign["node3"].Options.DataDirectory);
            foreach (var member in cluster["node3"].Options.InitialMembers)
                o.InitialMembers.Add(member);
        });

        var (started, _) = await Calls.TryAsync(async () =>
        {
            await strayed.StartAsync();
            return true;
        });
        await Task.Delay(TimeSpan.FromSeconds(3), TestContext.Current.CancellationToken);

        if (started == WriteOutcome.Acknowledged)
        {
            Assert.False((await strayed.StatusAsync()).IsReady);
            Assert.NotEqual("ours", await StaleOrNothingAsync(strayed, "key"));
            await strayed.KillAsync();
        }

        Assert.Equal("ours", await cluster["node1"].GetTextAsync("key"));
        await cluster["node3"].StartAsync();
        await cluster["node3"].WaitUntilReadyAsync();
        await AssertSameLeaderAsync(cluster, before);
    }

    [Fact]
    public async Task A_log_damaged_before_its_durable_end_is_never_skipped()
    {
        var cluster = await FormAsync();
        var node = await cluster.FollowerAsync();
        await node.SetAsync("damaged", "the-value-to-be-damaged");
        await FillAsync(node, 200);
        await cluster.SameContentAsync();
        await node.KillAsync();
        FlipOneByte(node.Options.DataDirectory, "the-value-to-be-damaged");

        var error = await StartFailsAsync(node);

        AssertStorage(RaftKvStorageError.Damaged, error, node);
        await (await cluster.LeaderAsync()).SetAsync("others", "go on");
    }

    [Fact]
    public async Task A_damaged_snapshot_whose_log_is_gone_is_never_served()
    {
        var cluster = await FormAsync(configure: SmallLog);
        var node = await cluster.FollowerAsync();
        await node.SetAsync("damaged", "the-value-to-be-damaged");
        await FillAsync(node, 8_000, valueBytes: 400);
        await cluster.SameContentAsync();
        await node.TakeSnapshotAsync();
        await cluster.WaitAsync("a truncated log", async () => (await node.StatusAsync()).FirstIndex > 100);
        await node.KillAsync();
        FlipOneByte(node.Options.DataDirectory, "the-value-to-be-damaged");

        var error = await StartFailsAsync(node);

        AssertStorage(RaftKvStorageError.Damaged, error, node);
        await (await cluster.LeaderAsync()).SetAsync("others", "go on");
    }

    [Fact]
    public async Task A_log_that_was_lost_is_noticed_and_the_node_neither_votes_nor_serves()
    {
        var cluster = await FormAsync();
        var node = await cluster.FollowerAsync();
        await FillAsync(node, 200);
        await cluster.SameContentAsync();
        await node.KillAsync();
        TruncateFilesWith(node.Options.DataDirectory, "k00000000000000");

        var error = await StartFailsAsync(node);

        AssertStorage(RaftKvStorageError.Damaged, error, node);
    }

    private static void AssertStorage(RaftKvStorageError expected, NodeError error, ClusterNode node)
    {
        Assert.Equal((nameof(RaftKvStorageException), expected.ToString()), (error.Type, error.Reason));
        Assert.Contains(node.Options.DataDirectory, error.Message);
    }

    private static async Task<string?> StaleOrNothingAsync(ClusterNode node, string key)
        => (await Calls.TryAsync(() => node.GetTextAsync(key, KvConsistency.Stale))).Result;

    /// <summary>Flips one bit of the first occurrence of the text in every file below the directory.</summary>
    private static void FlipOneByte(string directory, string text)
    {
        var found = 0;
        foreach (var (path, bytes, at) in Occurrences(directory, text))
        {
            bytes[at + (text.Length / 2)] ^= 1;
            File.WriteAllBytes(path, bytes);
            found++;
        }

        Assert.True(found > 0, $"'{text}' stands nowhere below {directory}.");
    }

    private static void TruncateFilesWith(string directory, string text)
    {
        foreach (var (path, _, _) in Occurrences(directory, text))
            File.WriteAllBytes(path, []);
    }

    private static List<(string Path, byte[] Bytes, int At)> Occurrences(string directory, string text)
    {
        var pattern = Encoding.UTF8.GetBytes(text);
        return [.. Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories)
            .Select(path => (Path: path, Bytes: File.ReadAllBytes(path)))
            .Select(file => (file.Path, file.Bytes, At: file.Bytes.AsSpan().IndexOf(pattern)))
            .Where(file => file.At >= 0)];
    }
}
