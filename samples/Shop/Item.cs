namespace RaftKv.Samples.Shop;

/// <summary>What the shop sells, at the key <c>items/NAME</c>.</summary>
/// <param name="Name">The name of the item.</param>
/// <param name="Price">The price in cents.</param>
/// <param name="Stock">How many are left.</param>
public sealed record Item(string Name, int Price, int Stock);
