namespace RaftKv.Samples.ThreeNodeCluster;

/// <summary>Asks every node for its statistics several times a second, so that a table can be drawn at any moment.</summary>
internal sealed class MemberWatch : IAsyncDisposable
{
    private readonly Cluster _cluster;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _loop;
    private volatile IReadOnlyList<(NodeProcess Node, NodeStats? Stats)> _latest = [];

    public MemberWatch(Cluster cluster)
    {
        _cluster = cluster;
        _loop = Task.Run(LoopAsync);
    }

    public IReadOnlyList<(NodeProcess Node, NodeStats? Stats)> Latest => _latest;

    public static async Task<IReadOnlyList<(NodeProcess Node, NodeStats? Stats)>> AskAsync(
        Cluster cluster, CancellationToken cancellationToken) =>
        await Task.WhenAll(cluster.Nodes.Select(async node =>
            (node, node.IsRunning ? await cluster.Client.TryStatsAsync(node, cancellationToken) : null)));

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        _stop.Dispose();
    }

    private async Task LoopAsync()
    {
        try
        {
            while (true)
            {
                _latest = await AskAsync(_cluster, _stop.Token);
                await Task.Delay(100, _stop.Token);
            }
        }
        catch (OperationCanceledException)
        {
        }
    }
}
