using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using RaftKv.Embedded.DataProtection;
using RaftKv.Embedded.Tests.Hosting.Measured;
using Xunit;

namespace RaftKv.Embedded.Tests.Hosting;

/// <summary>
/// Several clusters in one process are independent: keys, locks, leases, caches, configuration, health checks and telemetry.
/// </summary>
public sealed class KeyedClusterTests : IAsyncLifetime
{
    private readonly TestFolder _folder = new();
    private readonly TelemetryRecorder _stock = new("stock1", RaftKvTelemetry.ActivitySourceName);
    private IHost _host = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private IServiceProvider Services => _host.Services;

    public async ValueTask InitializeAsync()
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection(
        [
            new("RaftKv:DataDirectory", _folder.Sub("plain")), new("RaftKv:NodeId", "plain1"),
            new("RaftKv:stock:DataDirectory", _folder.Sub("stock")), new("RaftKv:stock:NodeId", "stock1"),
        ]);
        builder.Configuration.AddRaftKvConfiguration("config/").AddRaftKvConfiguration("config/", name: "orders");
        builder.Services.AddRaftKv().AddDistributedCache(o => o.KeyPrefix = "c/");
        builder.Services.AddKeyedRaftKv("orders", o => (o.DataDirectory, o.NodeId) = (_folder.Sub("orders"), "orders1"))
            .AddDistributedCache();
        builder.Services.AddKeyedRaftKv("stock").AddKeyedDistributedCache("pages", o => o.KeyPrefix = "pages/");
        builder.Services.AddHealthChecks().AddRaftKv().AddRaftKv("orders");
        builder.Services.AddDataProtection().PersistKeysToRaftKv("ring/", name: "orders");
        _host = builder.Build();
        await _host.StartAsync(Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync(CancellationToken.None);
        _host.Dispose();
        _stock.Dispose();
        _folder.Dispose();
    }

    private T Of<T>(string? name) where T : notnull =>
        name is null ? Services.GetRequiredService<T>() : Services.GetRequiredKeyedService<T>(name);

    private IDistributedKv Kv(string? name) => Of<IDistributedKv>(name);

    [Fact]
    public async Task Each_has_keys_locks_leases_and_a_status_of_its_own()
    {
        foreach (var name in new[] { null, "orders", "stock" })
            await Kv(name).SetStringAsync("k", name ?? "plain", cancellationToken: Cancel);
        Assert.Equal("plain", await Kv(null).GetStringAsync("k", cancellationToken: Cancel));
        Assert.Equal("orders", await Kv("orders").GetStringAsync("k", cancellationToken: Cancel));
        Assert.Equal("stock", await Kv("stock").GetStringAsync("k", cancellationToken: Cancel));
        Assert.Equal("plain1", Services.GetRequiredService<IRaftKvCluster>().Status.NodeId);
        Assert.Equal("stock1", Services.GetRequiredKeyedService<IRaftKvCluster>("stock").Status.NodeId);

        await using var held = await Of<IRaftKvCoordination>("orders").AcquireLockAsync("l", cancellationToken: Cancel);
        await using var free = await Of<IRaftKvCoordination>("stock").TryAcquireLockAsync("l", cancellationToken: Cancel);
        Assert.NotNull(free);
        Assert.Single(await Services.GetRequiredKeyedService<IRaftKvLeases>("orders").ListAsync(cancellationToken: Cancel));
        Assert.Empty(await Services.GetRequiredService<IRaftKvLeases>().ListAsync(cancellationToken: Cancel));
    }

    [Fact]
    public async Task Caches_keep_their_entries_in_their_own_cluster()
    {
        await Services.GetRequiredService<IDistributedCache>().SetAsync("e", [1], new(), Cancel);
        await Services.GetRequiredKeyedService<IDistributedCache>("orders").SetAsync("e", [2], new(), Cancel);
        await Services.GetRequiredKeyedService<IDistributedCache>("pages").SetAsync("e", [3], new(), Cancel);

        Assert.Equal([2], await Services.GetRequiredKeyedService<IDistributedCache>("orders").GetAsync("e", Cancel));
        Assert.True((await Kv(null).GetAsync("c/e", cancellationToken: Cancel)).Found);
        Assert.True((await Kv("orders").GetAsync("cache/e", cancellationToken: Cancel)).Found);
        Assert.True((await Kv("stock").GetAsync("pages/e", cancellationToken: Cancel)).Found);
        Assert.False((await Kv("orders").GetAsync("c/e", cancellationToken: Cancel)).Found);
    }

    [Fact]
    public async Task Configuration_health_and_reserved_keys_are_those_of_the_named_cluster()
    {
        await Kv(null).SetStringAsync("config/A", "1", cancellationToken: Cancel);
        await Kv("orders").SetStringAsync("config/B", "2", cancellationToken: Cancel);
        await Kv("stock").SetStringAsync("config/C", "3", cancellationToken: Cancel);
        var configuration = Services.GetRequiredService<IConfiguration>();
        Eventually.Holds(() => (configuration["A"], configuration["B"]) == ("1", "2"), "the configuration has the values of both clusters");
        Assert.Null(configuration["C"]);

        var report = await Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(Cancel);
        string[] checks = ["raftkv-live", "raftkv-orders-live", "raftkv-orders-ready", "raftkv-ready"];
        Assert.Equal(checks, report.Entries.Keys.Order(StringComparer.Ordinal));
        Assert.Equal("orders1", report.Entries["raftkv-orders-live"].Data["node"]);

        await Assert.ThrowsAsync<RaftKvReservedKeyException>(
            async () => await Kv("orders").SetStringAsync("ring/keys/a", "", cancellationToken: Cancel));
        await Kv("stock").SetStringAsync("ring/keys/a", "", cancellationToken: Cancel);
    }

    [Fact]
    public async Task Measurements_and_spans_name_the_cluster()
    {
        await Kv("stock").SetStringAsync("k", "v", cancellationToken: Cancel);
        Eventually.Holds(() => _stock.Spans.Any(s => s.OperationName == "raftkv.write"), "the write has a span");

        Assert.Contains(new(RaftKvTelemetry.ClusterTag, "stock"), _stock.Instruments["raftkv.write.duration"].Meter.Tags!);
        Assert.Equal("stock", _stock.Spans.First(s => s.OperationName == "raftkv.write").GetTagItem(RaftKvTelemetry.ClusterTag));
    }

    [Fact]
    public void A_second_registration_is_an_error_that_says_what_to_do()
    {
        var services = new ServiceCollection();
        services.AddRaftKv(o => o.DataDirectory = "a");
        services.AddKeyedRaftKv("orders", o => o.DataDirectory = "b");

        var plain = Assert.Throws<InvalidOperationException>(() => services.AddRaftKv());
        Assert.Contains("AddKeyedRaftKv(name, ...)", plain.Message, StringComparison.Ordinal);
        var keyed = Assert.Throws<InvalidOperationException>(() => services.AddKeyedRaftKv("orders", _ => { }));
        Assert.Contains("Configure<RaftKvOptions>(\"orders\", ...)", keyed.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => services.AddKeyedRaftKv(""));
    }

    [Fact]
    public async Task Wrong_options_name_their_cluster()
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddKeyedRaftKv("orders", o => o.NodeId = "");
        using var host = builder.Build();

        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync(Cancel));
        Assert.All(error.Failures, f => Assert.StartsWith("RaftKv orders: ", f, StringComparison.Ordinal));
    }

    [Fact]
    public void Without_a_configuration_the_error_says_what_is_missing()
    {
        using var services = new ServiceCollection().AddLogging().AddRaftKv().Services.BuildServiceProvider();

        var error = Assert.Throws<InvalidOperationException>(services.GetRequiredService<IDistributedKv>);
        Assert.Contains("section RaftKv of the configuration", error.Message, StringComparison.Ordinal);
    }
}
