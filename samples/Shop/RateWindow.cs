using Microsoft.Extensions.Options;
using RaftKv.Embedded;

namespace RaftKv.Samples.Shop;

/// <summary>Lets a caller in a number of times a minute, whichever nodes it comes to.</summary>
public sealed class RateWindow(IDistributedKv kv, IOptionsMonitor<ShopOptions> shop)
{
    /// <summary>The first call of a caller opens the window, and it closes a minute later.</summary>
    public async ValueTask<bool> TryEnterAsync(string caller, CancellationToken cancellationToken) =>
        await kv.IncrementAsync($"rate/{caller}", 1, new KvIncrementOptions { TimeToLive = TimeSpan.FromMinutes(1) }, cancellationToken)
            <= shop.CurrentValue.CheckoutsPerMinute;
}
