using System.Text.Json;
using RaftKv.Embedded;

namespace RaftKv.Samples.Shop;

/// <summary>Ships orders. It runs on one node of the cluster, and on another one when that node dies.</summary>
public sealed class Shipping(IDistributedKv kv, IRaftKvCluster cluster) : IRaftKvLeaderService
{
    /// <inheritdoc/>
    public async Task RunAsync(KvLock leadership, CancellationToken cancellationToken)
    {
        // First the orders that wait, and then each order when it is placed.
        var orders = kv.WatchAsync(KvKeyRange.StartingWith("orders/"), new KvWatchOptions { InitialState = true }, cancellationToken);
        await foreach (var change in orders)
        {
            if (change.Kind == KvEventKind.Put && JsonSerializer.Deserialize<Order>(change.Value.Span) is { ShippedBy: null } order)
                await ShipAsync(order, change.Version, leadership, cancellationToken);
        }
    }

    /// <summary>Ships an order once: a former leader that does not know yet that it lost the leadership changes nothing.</summary>
    private async Task ShipAsync(Order order, KvVersion version, KvLock leadership, CancellationToken cancellationToken)
    {
        var key = Checkout.KeyOf(order.Id);
        var ship = new KvTransaction().If(leadership.StillHeld, KvCompare.Version(key, KvRelation.Equal, version));
        ship.Then.SetJson(key, order with { ShippedBy = cluster.Status.NodeId });
        await kv.CommitAsync(ship, cancellationToken);
    }
}
