using RaftKv.Embedded;
using RaftKv.Integration.Support;
using RaftKv.TestNode.Driver;
using RaftKv.TestNode.Protocol;
using Xunit;

namespace RaftKv.Integration;

/// <summary>Members with default options in processes with a small heap take more data than the heap holds.</summary>
public sealed class SmallHeapTests : IntegrationTest
{
    private const int ValueBytes = 32 * 1024;

    [Fact]
    public async Task Members_with_default_options_and_96_MiB_of_heap_take_more_data_than_that()
    {
        var program = NodeProgram.TestNode with { Environment = new Dictionary<string, string> { ["DOTNET_GCHeapHardLimit"] = "0x6000000" } };
        await using var cluster = await TestCluster.FormAsync(3, Steady, _ => program);
        // Three times 44 MB, the amount at which nodes with this heap once stopped.
        var load = await cluster.Nodes[0].LoadAsync(new LoadRequest
        {
            Count = 132_000_000 / ValueBytes, Keys = 100_000, ValueBytes = ValueBytes, Callers = 16, WaitsWhenOverloaded = true,
        });

        Assert.Null(load.FirstError);
        foreach (var node in cluster.Nodes)
            Assert.Contains((await node.StatusAsync()).Role, (RaftKvRole[])[RaftKvRole.Leader, RaftKvRole.Follower]);
        var reads = await cluster.Nodes[1].LoadAsync(new LoadRequest { Operation = LoadOperation.Get, Count = 2_000, Keys = 4_000 });
        Assert.Null(reads.FirstError);
    }
}
