namespace RaftKv.Samples.Shop;

/// <summary>The configuration section <c>Shop</c>. A key <c>config/Shop/…</c> of the store changes it on every node.</summary>
public sealed class ShopOptions
{
    /// <summary>The text at the top of each page.</summary>
    public string Banner { get; set; } = "Welcome";

    /// <summary>How many checkouts a session may begin in a minute.</summary>
    public int CheckoutsPerMinute { get; set; } = 5;
}
