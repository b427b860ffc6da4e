using System.Text.Json;
using RaftKv.TestNode.Driver;
using Xunit;

namespace RaftKv.Embedded.Http.Tests.Tool;

/// <summary>The command <c>raftkv</c> against a cluster of processes that loses nodes.</summary>
public sealed class ToolClusterTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Members_change_leadership_moves_and_a_watch_outlives_its_node()
    {
        await using var cluster = await SampleCluster.FormAsync(Stop);
        var all = string.Join(',', new[] { "node1", "node2", "node3" }.Select(name => cluster[name].Url));
        var fresh = await cluster.StartAsync("node4", Stop);

        var added = await RunAsync(all, "members", "add", "node4", fresh.RaftAddress, "--learner");
        Assert.Matches(@"(?m)^node4 +[\d.:]+ +learner ", added.Text);
        Assert.True(Member(await RunAsync(all, "members", "promote", "node4", "--json"), "node4").GetProperty("voter").GetBoolean());
        await RunAsync(all, "members", "remove", "node4");
        await RunAsync(all, "transfer", "node2");
        Assert.Equal("node2", (await RunAsync(all, "members", "--json")).Json().GetProperty("leaderId").GetString());

        var from = (await RunAsync(all, "set", "k", "1", "--json")).Json().GetProperty("version").GetInt64();
        string[] three = ["watch", "--key", "k", "--from", from.ToString(), "--count", "3", "--values", "--url", all];
        await using var watch = ToolProcess.Start(three);
        await RunAsync(all, "set", "k", "2");
        await cluster["node1"].KillAsync();
        // Two of three nodes are left: a new one replaces the dead one.
        var second = await cluster.StartAsync("node5", Stop);
        var members = await RunAsync(all, "members", "replace", "node1", "node5", second.RaftAddress, "--json");
        var names = members.Json().GetProperty("members").EnumerateArray().Select(m => m.GetProperty("nodeId").GetString()!);
        Assert.Equal(["node2", "node3", "node5"], names.Order());
        await RunAsync(all, "set", "k", "3");
        var told = await watch.EndAsync();
        Assert.True(told.ExitCode == 0, $"The watch ended with {told.ExitCode}: {told.Errors}");
        Assert.Equal(["k  1", "k  2", "k  3"], told.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line[^4..]));

        await cluster["node2"].KillAsync();
        await cluster["node5"].KillAsync();
        var url = cluster["node3"].Url.ToString();
        Assert.Equal(7, (await ToolProcess.RunAsync("set", "k", "4", "--timeout", "60", "--url", url)).ExitCode);
        Assert.Equal("3", (await RunAsync(url, "get", "k", "--consistency", "stale")).Text);
        Assert.Matches(@"(?m)^quorum +lost: 1 of 3 voters alive", (await RunAsync(url, "status")).Text);
    }

    private static JsonElement Member(ToolResult result, string name) =>
        result.Json().GetProperty("members").EnumerateArray().Single(m => m.GetProperty("nodeId").GetString() == name);

    private static async Task<ToolResult> RunAsync(string url, params string[] arguments)
    {
        var result = await ToolProcess.RunAsync([.. arguments, "--url", url]);
        Assert.True(result.ExitCode == 0, $"{string.Join(' ', arguments)}: {result.ExitCode}: {result.Text}{result.Errors}");
        return result;
    }
}
