using RaftKv.Embedded;
using RaftKv.Embedded.Testing;

namespace RaftKv.Samples.Shop.Tests;

/// <summary>Three web servers of the shop in this process, each with a node of a test cluster.</summary>
internal sealed class ShopCluster : IAsyncDisposable
{
    private readonly RaftKvTestCluster _cluster = RaftKvTestCluster.Create(3);
    private readonly Dictionary<RaftKvTestNode, ShopApp> _apps;

    private ShopCluster() =>
        _apps = _cluster.Nodes.ToDictionary(node => node, node => new ShopApp(node.AddTo, checkoutsPerMinute: 1_000));

    public IReadOnlyList<RaftKvTestNode> Nodes => _cluster.Nodes;

    public IEnumerable<RaftKvTestNode> RunningNodes => Nodes.Where(node => node.IsRunning);

    /// <summary>The store, from a node that runs.</summary>
    public IDistributedKv Kv => RunningNodes.First().Kv;

    public static async Task<ShopCluster> StartAsync()
    {
        var shop = new ShopCluster();
        await Task.WhenAll(shop._apps.Values.Select(app => Task.Run(() => app.Server)));
        await shop._cluster.WaitForLeaderAsync();
        return shop;
    }

    public ShopApp AppOn(RaftKvTestNode node) => _apps[node];

    public Task<RaftKvTestNode> WaitForLeaderAsync() => _cluster.WaitForLeaderAsync();

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_apps.Values.Select(app => app.DisposeAsync().AsTask()));
        await _cluster.DisposeAsync();
    }
}
