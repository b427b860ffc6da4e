using System.Diagnostics;
using RaftKv.Embedded;
using RaftKv.Integration.Support;
using RaftKv.TestNode.Driver;
using Xunit;

namespace RaftKv.Integration;

/// <summary>
/// A data directory that goes back in time (kill -9, an older copy in its place, a start) is noticed: the node does not count as a voter
/// until it has its entries again.
/// </summary>
public sealed class RollbackTests : IntegrationTest
{
    /// <summary>
    /// With <paramref name="sameRun"/> the image is of the run that is killed: no start lies between, only what the process acknowledged
    /// since.
    /// </summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_follower_with_an_older_image_is_noticed_and_taken_in_again_by_itself(bool sameRun)
    {
        var cluster = await FormAsync(configure: Hasten);
        var node = await cluster.FollowerAsync();
        var leader = await cluster.LeaderAsync();
        await WriteAsync(leader, "before", 50);
        await cluster.SameContentAsync();
        var image = TakeImage(node);
        if (!sameRun)
        {
            await node.RestartAsync();
            await node.WaitUntilReadyAsync();
        }
        await WriteAsync(await cluster.LeaderAsync(), "after", 50);
        await cluster.SameContentAsync();

        await node.KillAsync();
        RestoreImage(node, image);
        await node.StartAsync();

        await cluster.WaitAsync("a word of the node itself", () => Task.FromResult(node.LogTail(400).Contains("data directory is older than what", StringComparison.Ordinal)));
        await WriteAsync(await cluster.LeaderAsync(), "meanwhile", 10);
        await cluster.WaitAsync("the node as a voter again", async () =>
        {
            var (now, own) = (await (await cluster.LeaderAsync()).StatusAsync(), await node.StatusAsync());
            return own is { RolledBack: null, IsReady: true } && now.Members.Count(m => m.Role == RaftKvMemberRole.Voter && !m.HasLostEntries) == 3;
        }, seconds: 90);
        await cluster.SameContentAsync();
        Assert.Equal("49", await node.GetTextAsync("after/49"));
    }

    /// <summary>
    /// The leader and a node that has lost entries which it acknowledged are no quorum: nothing is acknowledged, no node is ready, every
    /// call ends.
    /// </summary>
    [Fact]
    public async Task Without_the_third_member_nothing_is_acknowledged_and_every_call_ends_until_it_is_back()
    {
        var cluster = await FormAsync(configure: Hasten);
        var leader = await cluster.LeaderAsync();
        var (node, third) = (cluster.Nodes.First(n => n != leader), cluster.Nodes.Last(n => n != leader));
        await WriteAsync(leader, "before", 20);
        await cluster.SameContentAsync();
        var image = TakeImage(node);
        await WriteAsync(leader, "after", 20);
        await cluster.SameContentAsync();
        await third.KillAsync();
        await node.KillAsync();
        RestoreImage(node, image);

        await node.StartAsync();
        await cluster.WaitAsync("a word of the node itself", () => Task.FromResult(node.LogTail(400).Contains("data directory is older than what", StringComparison.Ordinal)));
        await cluster.WaitAsync("no node to be ready", async () => (await cluster.StatusesAsync()).All(s => !s.IsReady));

        var write = await FailsAsync(() => leader.SetAsync("key", "value"));
        Assert.True(write.Outcome is not null);
        await FailsAsync(() => leader.RemoveMemberAsync(third.NodeId));
        await third.StartAsync();
        await cluster.WaitAsync("three voters that are ready", async () =>
        {
            var statuses = await cluster.StatusesAsync();
            return statuses.Length == 3 && statuses.All(s => s.IsReady) && statuses.Single(s => s.Role == RaftKvRole.Leader).Members.Count(m => m.Role == RaftKvMemberRole.Voter) == 3;
        }, seconds: 90);
        await cluster.SameContentAsync();
        Assert.Equal("19", await node.GetTextAsync("after/19"));
    }

    /// <summary>
    /// It leads alone at once, because its directory names no other voter. What it wrote then the cluster never had, so no member may have
    /// its copy.
    /// </summary>
    [Fact]
    public async Task A_node_that_was_put_back_to_the_time_when_it_was_alone_stops_and_is_admitted_with_an_empty_directory()
    {
        var cluster = NoNodes(Hasten);
        var node = cluster.AddNode();
        await node.StartAsync();
        await WriteAsync(node, "before", 20);
        var image = TakeImage(node);
        foreach (var other in new[] { cluster.AddNode(), cluster.AddNode() })
        {
            await other.StartAsync();
            await node.AddMemberAsync(other);
        }
        await WriteAsync(node, "after", 20);
        await cluster.SameContentAsync();

        await node.KillAsync();
        RestoreImage(node, image);
        await node.StartAsync();
        await cluster.WaitAsync("the node to stop", async () =>
            (await node.StatusAsync()).Fault?.Contains("entries that the cluster never had", StringComparison.Ordinal) == true);
        await node.KillAsync();
        Assert.Contains("led alone on it", (await StartFailsAsync(node)).Message, StringComparison.Ordinal);

        Directory.Delete(node.Options.DataDirectory, recursive: true);
        node.Options.Bootstrap = RaftKvBootstrap.Never;
        node.Options.Seeds.Add(cluster["node2"].Address);
        await node.StartAsync();
        await cluster.WaitAsync("three voters that are ready", async () =>
        {
            var statuses = await cluster.StatusesAsync();
            return statuses.Length == 3 && statuses.All(s => s.IsReady)
                && statuses.Single(s => s.Role == RaftKvRole.Leader).Members.Count(m => m.Role == RaftKvMemberRole.Voter) == 3;
        }, seconds: 90);
        await cluster.SameContentAsync();
        Assert.Equal("19", await node.GetTextAsync("after/19"));
    }

    /// <summary>
    /// Makes elections unlikely: only a leader knows what the others have acknowledged, and an election between two steps of a test could
    /// move that knowledge to a node that the test stops.
    /// </summary>
    private static void Hasten(RaftKvOptions options)
    {
        Steady(options);
        options.RequestTimeout = TimeSpan.FromSeconds(3);
        options.ReplacedDiskTimeout = TimeSpan.FromSeconds(2);
    }

    private static async Task WriteAsync(ClusterNode node, string prefix, int count)
    {
        for (var i = 0; i < count; i++)
            await node.SetAsync($"{prefix}/{i}", $"{i}");
    }

    /// <summary>Copies the directory of a running node. Nothing may be written meanwhile.</summary>
    private static string TakeImage(ClusterNode node)
    {
        var image = node.Options.DataDirectory + ".image";
        Copy(node.Options.DataDirectory, image);
        return image;
    }

    private static void RestoreImage(ClusterNode node, string image)
    {
        Directory.Delete(node.Options.DataDirectory, recursive: true);
        Copy(image, node.Options.DataDirectory);
    }

    private static void Copy(string from, string to)
    {
        // With cp, because .NET asks for a lock on each file that it reads.
        using var copy = Process.Start("cp", ["-r", from, to]);
        copy.WaitForExit();
        Assert.Equal(0, copy.ExitCode);
    }
}
