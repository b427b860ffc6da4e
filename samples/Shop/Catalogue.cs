using Microsoft.Extensions.Caching.Hybrid;
using RaftKv.Embedded;

namespace RaftKv.Samples.Shop;

/// <summary>The items, and a page of each item that is rendered once for all nodes.</summary>
public sealed class Catalogue(IDistributedKv kv, HybridCache cache)
{
    private static readonly HybridCacheEntryOptions Minute = new()
    {
        Expiration = TimeSpan.FromMinutes(1),
        LocalCacheExpiration = TimeSpan.FromSeconds(1),
    };

    /// <summary>The key of an item.</summary>
    public static string KeyOf(string item) => $"items/{item}";

    /// <summary>Reads an item; <c>null</c> when there is none of that name.</summary>
    public async ValueTask<Item?> FindAsync(string name, CancellationToken cancellationToken) =>
        (await kv.GetJsonAsync<Item>(KeyOf(name), cancellationToken: cancellationToken)).Value;

    /// <summary>Adds to the stock of an item, also while others buy it, and sets its price.</summary>
    public async Task<Item> SupplyAsync(string name, int price, int count, CancellationToken cancellationToken)
    {
        var supplied = await kv.UpdateJsonAsync<Item>(
            KeyOf(name), item => new Item(name, price, (item?.Stock ?? 0) + count), cancellationToken: cancellationToken);
        await cache.RemoveAsync($"pages/{name}", cancellationToken);
        return supplied.Value!;
    }

    /// <summary>The page of an item, at most a minute old.</summary>
    public ValueTask<string> PageAsync(string name, CancellationToken cancellationToken) =>
        cache.GetOrCreateAsync($"pages/{name}", stop => RenderAsync(name, stop), Minute, cancellationToken: cancellationToken);

    private async ValueTask<string> RenderAsync(string name, CancellationToken cancellationToken) =>
        await FindAsync(name, cancellationToken) is { } item ? $"{item.Name} for {item.Price} cents" : $"There is no {name}";
}
