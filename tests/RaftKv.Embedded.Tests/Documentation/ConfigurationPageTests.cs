using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using RaftKv.Embedded.Tests.Hosting;
using Xunit;

namespace RaftKv.Embedded.Tests.Documentation;

/// <summary>The documented code for several clusters in one process is compiled, works, and equals the page.</summary>
public sealed class ConfigurationPageTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public void The_page_shows_this_code() => DocumentedCode.IsThatOf("ConfigurationPageTests.cs", "Several clusters in one process");

    [Fact]
    public async Task It_does_what_it_says()
    {
        using var folder = new TestFolder();
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection(
            [new("RaftKv:stock:DataDirectory", folder.Sub("stock")), new("RaftKv:stock:NodeId", "stock1")]);
        var directory = folder.Sub("orders");

        // DOCS: Several clusters in one process
        builder.Services.AddKeyedRaftKv("orders", o => (o.NodeId, o.DataDirectory) = ("orders1", directory))
            .AddDistributedCache();                                           // a keyed IDistributedCache
        builder.Services.AddKeyedRaftKv("stock");                             // from the section RaftKv:stock
        builder.Services.AddHealthChecks().AddRaftKv("orders").AddRaftKv("stock");
        // end

        using var host = builder.Build();
        await host.StartAsync(Cancel);
        await host.Services.GetRequiredKeyedService<IDistributedCache>("orders").SetStringAsync("k", "v", Cancel);
        await host.Services.GetRequiredKeyedService<IDistributedKv>("stock").SetStringAsync("k", "v", cancellationToken: Cancel);
        var report = await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(Cancel);
        Assert.Equal(4, report.Entries.Count);
        await host.StopAsync(Cancel);
    }
}
