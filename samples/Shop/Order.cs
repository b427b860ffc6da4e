namespace RaftKv.Samples.Shop;

/// <summary>A paid order, at the key <c>orders/ID</c>.</summary>
/// <param name="Id">The id of the cart that was ordered.</param>
/// <param name="Items">How many of each item.</param>
/// <param name="Total">The sum in cents.</param>
/// <param name="ShippedBy">The node that shipped it; <c>null</c> while it waits.</param>
public sealed record Order(string Id, IReadOnlyDictionary<string, int> Items, int Total, string? ShippedBy = null);
