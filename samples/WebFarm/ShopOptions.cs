namespace RaftKv.Samples.WebFarm;

/// <summary>The configuration section <c>Shop</c>.</summary>
internal sealed class ShopOptions
{
    public string Motto { get; set; } = "Open";
}
