using System.Globalization;
using RaftKv.Embedded;
using RaftKv.Integration.Support;
using RaftKv.TestNode.Protocol;
using Xunit;

namespace RaftKv.Integration;

/// <summary>A process that runs out of file descriptors for a while: the node waits, and goes on when there are some again.</summary>
public sealed class ShortageTests : IntegrationTest
{
    [Fact]
    public async Task A_node_without_a_free_descriptor_waits_and_goes_on()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Tool.Exists("prlimit"), "There is no prlimit here.");
        // The runtime opens files too, and under memory pressure it may end the process when it cannot open one.
        Assert.SkipUnless(IsLong, "A process without descriptors may end of the runtime's own needs: RAFTKV_LONG=1 runs this test.");
        var cluster = await FormAsync(1, SmallLog);
        var node = cluster.Nodes[0];
        await node.LoadAsync(new LoadRequest { Count = 500, Keys = 100, ValueBytes = 8_000 });

        var limit = Limit(node.ProcessId);
        SetLimit(node.ProcessId, "8");
        // Several segments of the log, and snapshots: each needs descriptors that are not there.
        var load = node.LoadAsync(new LoadRequest { Count = 1_000, Keys = 100, ValueBytes = 8_000 });
        await Task.WhenAny(load, Task.Delay(TimeSpan.FromSeconds(4), TestContext.Current.CancellationToken));
        Assert.NotEqual(RaftKvRole.Faulted, (await node.StatusAsync()).Role);
        SetLimit(node.ProcessId, limit);
        await load;

        Assert.Equal(RaftKvRole.Leader, (await node.StatusAsync()).Role);
        await node.SetAsync("after", "it");
        await node.StopAsync();
        await node.StartAsync();
        await node.WaitUntilReadyAsync();
        Assert.Equal("it", await node.GetTextAsync("after"));
    }

    /// <summary>The soft limit on open files, from the kernel's table.</summary>
    private static string Limit(int processId) =>
        File.ReadLines($"/proc/{processId}/limits").Single(line => line.StartsWith("Max open files", StringComparison.Ordinal))[26..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0];

    private static void SetLimit(int processId, string limit) =>
        Tool.Run("prlimit", "--pid", processId.ToString(CultureInfo.InvariantCulture), $"--nofile={limit}:");
}
