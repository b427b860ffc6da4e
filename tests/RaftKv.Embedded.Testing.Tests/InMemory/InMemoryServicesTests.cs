using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace RaftKv.Embedded.Testing.Tests.InMemory;

/// <summary>An application under test gets the store in memory in place of its replica.</summary>
public sealed class InMemoryServicesTests
{
    [Fact]
    public async Task It_is_all_services_of_the_store()
    {
        var time = new FakeTimeProvider();
        await using var services = new ServiceCollection().AddSingleton<TimeProvider>(time).AddInMemoryRaftKv().Services.BuildServiceProvider();
        var store = services.GetRequiredService<InMemoryRaftKv>();

        Assert.Same(store, services.GetRequiredService<IDistributedKv>());
        Assert.Same(store.Leases, services.GetRequiredService<IRaftKvLeases>());
        Assert.Same(store.Coordination, services.GetRequiredService<IRaftKvCoordination>());
        Assert.Same(store.Cluster, services.GetRequiredService<IRaftKvCluster>());
        var cache = services.GetRequiredService<IDistributedCache>();
        await cache.SetAsync("a", [1], new DistributedCacheEntryOptions { AbsoluteExpirationRelativeToNow = TimeSpan.FromMinutes(1) }, Token);
        Assert.NotNull(await cache.GetAsync("a", Token));
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.Null(await cache.GetAsync("a", Token));
    }

    [Fact]
    public async Task It_takes_the_place_of_the_replica_of_an_application_with_its_options()
    {
        var directory = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        var builder = Host.CreateApplicationBuilder();
        builder.Services.AddRaftKv(o =>
        {
            o.DataDirectory = directory;
            o.NodeId = "web1";
            o.MaxValueBytes = 10;
        }).AddDistributedCache(o => o.KeyPrefix = "pages/");
        builder.Services.AddInMemoryRaftKv();
        using var host = builder.Build();

        await host.StartAsync(Token);

        var kv = host.Services.GetRequiredService<IDistributedKv>();
        await host.Services.GetRequiredService<IDistributedCache>().SetAsync("a", [1], new DistributedCacheEntryOptions(), Token);
        Assert.True((await kv.GetAsync("pages/a", cancellationToken: Token)).Found);
        Assert.Equal("web1", host.Services.GetRequiredService<IRaftKvCluster>().Status.NodeId);
        await Assert.ThrowsAsync<RaftKvLimitExceededException>(async () => await kv.SetAsync("b", new byte[11], cancellationToken: Token));
        Assert.False(Directory.Exists(directory));
        await host.StopAsync(Token);
    }

    [Fact]
    public async Task A_service_that_watches_does_not_hold_up_the_stop_of_its_host()
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Services.AddInMemoryRaftKv();
        builder.Services.AddHostedService<Watcher>();
        using var host = builder.Build();
        await host.StartAsync(Token);

        await host.StopAsync(Token);

        Assert.True(host.Services.GetServices<IHostedService>().OfType<Watcher>().Single().ExecuteTask!.IsCompleted);
    }

    [Fact]
    public async Task A_job_that_runs_once_an_hour_runs_again_when_the_clock_is_an_hour_ahead()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        using var runs = new SemaphoreSlim(0);
        var builder = Host.CreateApplicationBuilder();
        builder.Services.AddSingleton<TimeProvider>(time);
        builder.Services.AddInMemoryRaftKv().RunOncePer(TimeSpan.FromHours(1), "report", (_, _) =>
        {
            runs.Release();
            return Task.CompletedTask;
        });
        using var host = builder.Build();
        await host.StartAsync(Token);
        await runs.WaitAsync(Token);

        // The job checks at least every 30 s whether it is due. A longer step of the clock loses the leadership, like a suspended process.
        for (var elapsed = TimeSpan.Zero; elapsed < TimeSpan.FromHours(1); elapsed += TimeSpan.FromSeconds(10))
            time.Advance(TimeSpan.FromSeconds(10));
        while (!await runs.WaitAsync(TimeSpan.FromMilliseconds(10), Token))
            time.Advance(TimeSpan.FromSeconds(10));

        await host.StopAsync(Token);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private sealed class Watcher(IDistributedKv kv) : BackgroundService
    {
        protected override async Task ExecuteAsync(CancellationToken stoppingToken)
        {
            try
            {
                // The watch does not get the stopping token: the stop of the store must end it.
                await foreach (var _ in kv.WatchAsync(KvKeyRange.All, cancellationToken: CancellationToken.None))
                {
                }
            }
            catch (RaftKvUnavailableException e) when (e.Reason == RaftKvUnavailableReason.Stopping)
            {
            }
        }
    }
}
