using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace RaftKv.Samples.Shop.Tests;

/// <summary>The real shop, except for its replica.</summary>
/// <param name="addReplica">Puts the store in memory, or a node of a test cluster, into the place of the replica.</param>
/// <param name="checkoutsPerMinute">How many checkouts a session may begin in a minute.</param>
internal sealed class ShopApp(Action<IServiceCollection> addReplica, int checkoutsPerMinute = 5) : WebApplicationFactory<Program>
{
    protected override void ConfigureWebHost(IWebHostBuilder builder) => builder
        .UseSetting("Shop:ShippingTimeToLive", "00:00:03")
        .UseSetting("Shop:CheckoutsPerMinute", $"{checkoutsPerMinute}")
        .ConfigureLogging(logging => logging.ClearProviders())
        .ConfigureTestServices(addReplica);
}
