
namespace RaftKv.Embedded.Tests.Hosting;

/// <summary>Three nodes of one cluster, each of them ready. They stop in the reverse order of their start.</summary>
internal sealed class TestNodes : IAsyncDisposable
{
    private readonly List<TestNode> _nodes = [];

    private TestNodes()
    {
    }

    public TestNode[] All => [.. _nodes];

    /// <param name="start">Starts the node with this number, from 1 on.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public static async Task<TestNodes> StartAsync(Func<int, Task<TestNode>> start, CancellationToken cancellationToken)
    {
        var nodes = new TestNodes();
        try
        {
            for (var number = 1; number <= 3; number++)
                nodes._nodes.Add(await start(number));
            foreach (var node in nodes._nodes)
                await node.Cluster.WaitUntilReadyAsync(cancellationToken);
            return nodes;
        }
        catch
        {
            await nodes.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        for (var i = _nodes.Count - 1; i >= 0; i--)
            await _nodes[i].DisposeAsync();
    }
}
