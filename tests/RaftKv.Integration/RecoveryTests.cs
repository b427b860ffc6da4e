using System.Security.Cryptography;
using RaftKv.Embedded;
using RaftKv.Integration.Support;
using RaftKv.TestNode.Driver;
using Xunit;

namespace RaftKv.Integration;

/// <summary>
/// Two of three nodes are lost: the command <c>raftkv recover</c> begins a new cluster with the data of the third, which refuses the old
/// nodes.
/// </summary>
public sealed class RecoveryTests : IntegrationTest
{
    [Fact]
    public async Task Two_of_three_are_lost_and_the_third_begins_a_new_cluster_that_refuses_the_old_ones()
    {
        var cluster = await FormAsync(3, SmallLog);
        await FillAsync(cluster["node2"], 9_000);
        var last = await cluster["node1"].SetAsync("last", "acknowledged");
        var content = await cluster.SameContentAsync();
        var oldId = (await cluster["node1"].StatusAsync()).ClusterId;
        foreach (var node in cluster.Nodes)
            await node.KillAsync();
        var (survivor, missing) = (cluster["node1"], cluster["node3"]);
        Directory.Delete(cluster["node2"].Options.DataDirectory, recursive: true);

        // A dry run first: it must change nothing.
        var before = HashOf(survivor.Options.DataDirectory);
        var fresh = cluster.AddNode("new1");
        string[] recover = ["recover", survivor.Options.DataDirectory, "--to", fresh.Options.DataDirectory, "--node", fresh.NodeId, "--address", fresh.Address];
        var (dryCode, plan) = await ToolAsync(recover);
        Assert.Equal(0, dryCode);
        Assert.Contains("May be lost: what node2, node3 acknowledged together", plan);
        Assert.Contains($"--confirm {oldId}", plan);
        Assert.Equal(before, HashOf(survivor.Options.DataDirectory));
        Assert.False(Directory.Exists(fresh.Options.DataDirectory));
        var (wrongCode, wrong) = await ToolAsync([.. recover, "--confirm", Guid.NewGuid().ToString()]);
        Assert.Equal(1, wrongCode);
        Assert.Contains("was confirmed", wrong);

        var (code, done) = await ToolAsync([.. recover, "--confirm", oldId.ToString()]);
        Assert.True(code == 0, done);
        await fresh.StartAsync();
        await fresh.WaitUntilReadyAsync();
        var others = new[] { cluster.AddNode("new2"), cluster.AddNode("new3") };
        foreach (var node in others)
        {
            await node.StartAsync();
            await fresh.AddMemberAsync(node);
        }

        // All keys are there with their old versions, and new versions are greater.
        Assert.Equal(content, await cluster.SameContentAsync());
        var written = await others[0].SetAsync("last", "new", KvCondition.VersionIs(last.Version));
        Assert.True(written.Applied);
        Assert.True(written.Version.Value > last.Version.Value + 1_000_000);

        // The survivor's own directory does not start any more, and a lost node that returns is foreign to the new cluster.
        Assert.Equal(nameof(RaftKvStorageError.Retired), (await StartFailsAsync(survivor)).Reason);
        await missing.StartAsync();
        var error = await FailsAsync(() => fresh.AddMemberAsync(missing));
        Assert.Equal(nameof(RaftKvMembershipError.ForeignNode), error.Reason);
        Assert.Equal(oldId, (await missing.StatusAsync()).ClusterId);
        Assert.False((await missing.StatusAsync()).IsReady);
    }

    private static async Task<(int ExitCode, string Output)> ToolAsync(params string[] arguments)
    {
        var result = await ToolProcess.RunAsync(arguments);
        Output.WriteLine(result.Text + result.Errors);
        return (result.ExitCode, result.Text + result.Errors);
    }

    /// <summary>The hash of the names and contents of all files except the lock, which names its last holder.</summary>
    private static string HashOf(string directory)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var file in Directory.GetFiles(directory, "*", SearchOption.AllDirectories).Where(f => Path.GetFileName(f) != "lock").Order(StringComparer.Ordinal))
        {
            hash.AppendData(System.Text.Encoding.UTF8.GetBytes(file));
            hash.AppendData(File.ReadAllBytes(file));
        }
        return Convert.ToHexString(hash.GetHashAndReset());
    }
}
