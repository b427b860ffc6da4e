using Microsoft.Extensions.Options;
using RaftKv.Embedded;

namespace RaftKv.Samples.Shop;

/// <summary>Limits how often a caller may enter in a minute, on all nodes together.</summary>
public sealed class RateWindow(IDistributedKv kv, IOptionsMonitor<ShopOptions> shop)
{
    /// <summary>Counts a call. The first call of a caller opens a window, which closes a minute later.</summary>
    public async ValueTask<bool> TryEnterAsync(string caller, CancellationToken cancellationToken) =>
        await kv.IncrementAsync($"rate/{caller}", 1, new KvIncrementOptions { TimeToLive = TimeSpan.FromMinutes(1) }, cancellationToken)
            <= shop.CurrentValue.CheckoutsPerMinute;
}
