namespace RaftKv.Samples.Shop;

/// <summary>What a session wants to buy.</summary>
/// <param name="Id">Becomes the id of the order: the same cart can be ordered once, however often it is tried.</param>
/// <param name="Items">How many of each item.</param>
public sealed record Cart(string Id, IReadOnlyDictionary<string, int> Items)
{
    /// <summary>An empty cart.</summary>
    public static Cart New() => new(Guid.NewGuid().ToString("N"), new Dictionary<string, int>());

    /// <summary>The cart with one more of an item.</summary>
    public Cart With(string item) =>
        this with { Items = new Dictionary<string, int>(Items) { [item] = Items.GetValueOrDefault(item) + 1 } };
}
