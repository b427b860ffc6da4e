using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using RaftKv.Embedded.Client;
using RaftKv.Embedded.Node;
using Xunit;

namespace RaftKv.Embedded.Tests.Hosting;

/// <summary>
/// What test factories and impatient applications do to a host: they stop it twice, dispose it while it stops, and start the next host on
/// the same directory at once.
/// </summary>
public sealed class HostLifecycleTests : IDisposable
{
    private const int Rounds = 20;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly TestFolder _folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    /// <summary>
    /// As with WebApplicationFactory: the application's own thread waits for the shutdown, and stops and disposes the host at the same time
    /// as the factory.
    /// </summary>
    [Fact]
    public async Task A_factory_that_disposes_a_host_starts_the_next_one_on_the_same_directory_at_once()
    {
        var applications = new List<Task>();
        for (var round = 0; round < Rounds; round++)
        {
            var host = await StartAsync();
            // Waits before the host can be disposed: a disposed host refuses the call.
            var shutdown = host.WaitForShutdownAsync(CancellationToken.None);
            applications.Add(Task.Run(async () =>
            {
                await shutdown;
                await ((IAsyncDisposable)host).DisposeAsync();
            }, Cancel));
            Assert.True((await Kv(host).SetAsync($"k{round}", default, cancellationToken: Cancel)).Applied);

            host.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();
            await host.StopAsync(Cancel).WaitAsync(Patience, Cancel);
            host.Dispose();
        }
        await Task.WhenAll(applications).WaitAsync(Patience, Cancel);

        using var last = await StartAsync();
        Assert.Equal(Rounds, await Kv(last).CountAsync(KvKeyRange.All, cancellationToken: Cancel));
        await last.StopAsync(Cancel);
    }

    [Fact]
    public async Task An_application_that_blocks_once_its_host_has_started_holds_up_no_call_that_waits_for_the_replica()
    {
        using var opens = new ManualResetEventSlim();
        using var goesOn = new ManualResetEventSlim();
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddRaftKv(o =>
        {
            (o.DataDirectory, o.Bootstrap) = (_folder.Sub("data"), RaftKvBootstrap.SingleNode);
            o.RequestTimeout = Patience;
        });
        builder.Services.AddSingleton<ReplicaOpener>(new WaitingOpener(opens));
        using var host = builder.Build();
        // The continuation runs on the thread that completes the start.
        var application = host.StartAsync(Cancel).ContinueWith(
            _ => goesOn.Wait(Patience), Cancel, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        try
        {
            var calls = new List<Task>();
            // For more than the second for which the host itself waits for the replica.
            for (var clock = Stopwatch.StartNew(); clock.Elapsed < TimeSpan.FromSeconds(2); await Task.Delay(50, Cancel))
            {
                if (host.Services.GetRequiredService<ReplicaAccess>().IsOpening)
                    calls.Add(Kv(host).SetAsync("k", default, cancellationToken: Cancel).AsTask());
            }

            opens.Set();

            Assert.NotEmpty(calls);
            await Task.WhenAll(calls).WaitAsync(Patience / 2, Cancel);
            Assert.False(application.IsCompleted);
        }
        finally
        {
            opens.Set();
            goesOn.Set();
        }
        await application.WaitAsync(Patience, Cancel);
        await host.StopAsync(Cancel);
    }

    /// <summary>An application that drains: its other calls are still served.</summary>
    [Fact]
    public async Task A_watch_that_begins_while_the_host_stops_is_refused_and_harms_no_replica()
    {
        using var host = await StartAsync();
        await Kv(host).SetAsync("k", "1"u8.ToArray(), cancellationToken: Cancel);

        host.Services.GetRequiredService<ReplicaAccess>().BeginStop();

        var refusal = await Assert.ThrowsAsync<RaftKvUnavailableException>(
            () => Kv(host).OpenStringViewAsync("", cancellationToken: Cancel));
        Assert.Equal(RaftKvUnavailableReason.Stopping, refusal.Reason);
        Assert.True((await Kv(host).SetAsync("k", "2"u8.ToArray(), cancellationToken: Cancel)).Applied);
        Assert.Equal("2"u8.ToArray(), (await Kv(host).GetAsync("k", cancellationToken: Cancel)).Value.ToArray());
        await host.StopAsync(Cancel);
    }

    [Fact]
    public async Task Stops_and_disposals_at_once_share_one_stop_and_none_throws()
    {
        for (var round = 0; round < Rounds; round++)
        {
            var host = await StartAsync();
            await Kv(host).SetAsync("k", default, cancellationToken: Cancel);
            using var go = new ManualResetEventSlim();
            Task[] ends =
            [
                Task.Run(() => { go.Wait(Cancel); return host.StopAsync(Cancel); }, Cancel),
                Task.Run(() => { go.Wait(Cancel); return host.StopAsync(Cancel); }, Cancel),
                Task.Run(() => { go.Wait(Cancel); host.Dispose(); }, Cancel),
                Task.Run(() => { go.Wait(Cancel); return ((IAsyncDisposable)host).DisposeAsync().AsTask(); }, Cancel),
            ];

            go.Set();

            await Task.WhenAll(ends).WaitAsync(Patience, Cancel);
        }
    }

    [Fact]
    public async Task A_host_that_is_disposed_without_a_stop_leaves_the_directory_free()
    {
        for (var round = 0; round < 3; round++)
        {
            var host = await StartAsync();
            await Kv(host).SetAsync("k", default, cancellationToken: Cancel);
            if (round == 0)
                host.Dispose();
            else
                await ((IAsyncDisposable)host).DisposeAsync();
        }
    }

    private static IDistributedKv Kv(IHost host) => host.Services.GetRequiredService<IDistributedKv>();

    private async Task<IHost> StartAsync()
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddRaftKv(o => o.DataDirectory = _folder.Sub("data"));
        var host = builder.Build();
        await host.StartAsync(Cancel);
        return host;
    }
}
