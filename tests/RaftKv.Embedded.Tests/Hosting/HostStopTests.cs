using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using RaftKv.Embedded.Tests.Transport;
using Xunit;

namespace RaftKv.Embedded.Tests.Hosting;

/// <summary>
/// Views, watches, leaderships and locks end when the host begins to stop. The timeouts of these hosts are minutes: a stop that waits for
/// one of them does not end in time.
/// </summary>
public sealed class HostStopTests : IDisposable
{
    private const int StopIncomplete = 131;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly KvLockOptions Long = new() { TimeToLive = TimeSpan.FromMinutes(10) };

    private readonly TestFolder _folder = new();
    private readonly int[] _ports = FreePorts.Take(3);
    private readonly RecordingLogger _log = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_background_service_that_awaits_the_end_of_a_view_does_not_hold_up_the_stop()
    {
        var service = await StopWithAsync(async (services, begun) =>
        {
            await using var view = await services.GetRequiredService<IDistributedKv>().OpenStringViewAsync("a/");
            begun();
            await view.Completion;
        });

        Assert.True(service.IsCompletedSuccessfully, service.ToString());
    }

    [Fact]
    public async Task A_background_service_that_watches_without_a_token_is_told_that_the_host_stops()
    {
        var service = await StopWithAsync(async (services, begun) =>
        {
            await foreach (var _ in services.GetRequiredService<IDistributedKv>().WatchAsync(KvKeyRange.All, new() { InitialState = true }))
                begun();
        });

        var ended = Assert.IsType<RaftKvUnavailableException>(service.Exception?.InnerException);
        Assert.Equal(RaftKvUnavailableReason.Stopping, ended.Reason);
    }

    [Fact]
    public async Task A_leadership_without_a_token_ends_with_the_host_and_its_last_word_is_written()
    {
        var service = await StopWithAsync(async (services, begun) =>
        {
            var kv = services.GetRequiredService<IDistributedKv>();
            await services.GetRequiredService<IRaftKvCoordination>().RunWhenLeaderAsync("billing", async (_, end) =>
            {
                begun();
                await Task.Delay(Timeout.Infinite, end).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                await kv.SetAsync("last word", default);
            });
        });

        Assert.True(service.IsCompletedSuccessfully, service.ToString());
        await using var again = await TestNode.StartAsync(o => o.DataDirectory = _folder.Sub("data"));
        Assert.True((await again.Kv.GetAsync("last word", cancellationToken: Cancel)).Found);
        Assert.Equal(0, await again.Kv.CountAsync(KvKeyRange.StartingWith(".locks/"), cancellationToken: Cancel));
    }

    [Fact]
    public async Task A_wait_for_a_lock_ends_with_the_host_by_name()
    {
        var service = await StopWithAsync(async (services, begun) =>
        {
            var coordination = services.GetRequiredService<IRaftKvCoordination>();
            await using var held = await coordination.AcquireLockAsync("a", Long);
            var second = coordination.AcquireLockAsync("a", Long);
            begun();
            await second;
        });

        var ended = Assert.IsType<RaftKvUnavailableException>(service.Exception?.InnerException);
        Assert.Equal(RaftKvUnavailableReason.Stopping, ended.Reason);
    }

    [Fact]
    public async Task A_lock_and_a_leadership_of_a_stopped_node_are_free_at_once()
    {
        await using var cluster = await TestNodes.StartAsync(StartAsync, Cancel);
        var (stops, stays) = (cluster.All[0], cluster.All[1]);
        await stops.Coordination.AcquireLockAsync("lock", Long, Cancel);
        var leads = new TaskCompletionSource();
        var never = CancellationToken.None;
        var office = stops.Coordination.RunWhenLeaderAsync("office", async (_, end) =>
        {
            leads.SetResult();
            await Task.Delay(Timeout.Infinite, end);
        }, Long, never);
        await leads.Task.WaitAsync(Patience, Cancel);

        await stops.StopAsync().WaitAsync(Patience, Cancel);

        await office.WaitAsync(Patience, Cancel);
        foreach (var name in (string[])["lock", "office"])
            await (await stays.Coordination.AcquireLockAsync(name, Long, Cancel).AsTask().WaitAsync(Patience, Cancel)).DisposeAsync();
    }

    [Fact]
    public async Task Tokens_of_locks_and_leaderships_are_honoured_without_a_quorum_and_so_is_the_stop()
    {
        await using var cluster = await TestNodes.StartAsync(StartAsync, Cancel);
        var alone = cluster.All[0];
        using var give = new CancellationTokenSource();
        await alone.Coordination.SetEphemeralAsync("nodes/1", default, Cancel);
        await alone.Coordination.AcquireLockAsync("held", Long, Cancel);
        var waits = alone.Coordination.AcquireLockAsync("held", Long, give.Token).AsTask();
        var leads = new TaskCompletionSource();
        var office = alone.Coordination.RunWhenLeaderAsync("office", async (_, end) =>
        {
            leads.SetResult();
            await Task.Delay(Timeout.Infinite, end);
        }, Long, give.Token);
        await leads.Task.WaitAsync(Patience, Cancel);
        while (await alone.Kv.CountAsync(KvKeyRange.StartingWith(".locks/"), cancellationToken: Cancel) != 3)
            await Task.Delay(10, Cancel);
        await cluster.All[1].StopAsync().WaitAsync(Patience, Cancel);
        await cluster.All[2].StopAsync().WaitAsync(Patience, Cancel);
        await UntilAsync(alone, status => !status.IsReady);
        var asks = alone.Coordination.AcquireLockAsync("other", Long, give.Token).AsTask();

        await give.CancelAsync();

        foreach (var call in (Task[])[waits, office, asks])
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call.WaitAsync(Patience, Cancel));
        var write = alone.Kv.SetAsync("unfinished", default, cancellationToken: Cancel).AsTask();
        await alone.StopAsync().WaitAsync(Patience, Cancel);
        await Assert.ThrowsAnyAsync<RaftKvException>(() => write);
        Assert.Equal(0, _log.Count(StopIncomplete));
    }

    [Fact]
    public async Task Three_nodes_stop_one_after_the_other_and_none_waits_for_a_successor_that_cannot_be()
    {
        await using var cluster = await TestNodes.StartAsync(StartAsync, Cancel);
        foreach (var node in cluster.All)
            await node.Coordination.SetEphemeralAsync($"nodes/{node.Cluster.Status.NodeId}", default, Cancel);

        // The leader first.
        foreach (var node in cluster.All.OrderByDescending(n => n.Cluster.Status.Role == RaftKvRole.Leader))
            await node.StopAsync().WaitAsync(Patience, Cancel);

        Assert.Equal(0, _log.Count(StopIncomplete));
    }

    [Fact]
    public async Task A_leadership_on_a_node_that_is_removed_goes_on_when_the_node_is_added_again_and_its_host_lives()
    {
        var leads = new SemaphoreSlim(0);
        await using var cluster = await TestNodes.StartAsync(number => number == 3 ? StartAsync(number, services => services.AddHostedService(s => new Service(async _ =>
            await s.GetRequiredService<IRaftKvCoordination>().RunWhenLeaderAsync("office", async (_, end) =>
            {
                leads.Release();
                await Task.Delay(Timeout.Infinite, end);
            }, new() { TimeToLive = TimeSpan.FromSeconds(1) })))) : StartAsync(number), Cancel);
        var (first, removed) = (cluster.All[0], cluster.All[2]);
        await using var view = await removed.Kv.OpenStringViewAsync("v/", cancellationToken: Cancel);
        Assert.True(await leads.WaitAsync(Patience, Cancel));

        await first.Cluster.RemoveMemberAsync("node3", Cancel);
        await UntilAsync(removed, status => status.Role == RaftKvRole.Removed);
        // Another node acquires the lock, so node3 has certainly lost it.
        await (await first.Coordination.AcquireLockAsync("office", cancellationToken: Cancel).AsTask().WaitAsync(Patience, Cancel)).DisposeAsync();
        await first.Cluster.AddMemberAsync("node3", $"127.0.0.1:{_ports[2]}", Cancel);

        Assert.True(await leads.WaitAsync(Patience, Cancel));
        var set = await first.Kv.SetStringAsync("v/k", "again", cancellationToken: Cancel);
        while (view.Current.Version < set.Version)
            await Task.Delay(10, Cancel);
        Assert.False(removed.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping.IsCancellationRequested);
    }

    private static async Task UntilAsync(TestNode node, Func<RaftKvStatus, bool> holds)
    {
        await foreach (var status in node.Cluster.WatchStatusAsync(Cancel))
        {
            if (holds(status))
                return;
            await Task.Delay(20, Cancel);
        }
    }

    private static void Patient(IServiceCollection services) => services.Configure<HostOptions>(o => o.ShutdownTimeout = Timeout.InfiniteTimeSpan);

    /// <summary>Runs a background service until it has begun, and stops the host. Returns the completed task of the service.</summary>
    private async Task<Task> StopWithAsync(Func<IServiceProvider, Action, Task> run)
    {
        var begun = new TaskCompletionSource();
        Service? service = null;
        await using var node = await TestNode.StartAsync(o => o.DataDirectory = _folder.Sub("data"), replica =>
        {
            Patient(replica.Services);
            replica.Services.AddHostedService(s => service = new Service(_ => run(s, () => begun.TrySetResult())));
        });
        await (await Task.WhenAny(begun.Task, service!.ExecuteTask!).WaitAsync(Patience, Cancel));

        await node.StopAsync().WaitAsync(Patience, Cancel);

        Assert.True(service.ExecuteTask!.IsCompleted);
        return service.ExecuteTask;
    }

    private Task<TestNode> StartAsync(int number) => StartAsync(number, static _ => { });

    private Task<TestNode> StartAsync(int number, Action<IServiceCollection> more) => TestNode.StartAsConfiguredAsync(o =>
    {
        o.BeOneOf(number, _ports, _folder);
        o.RequestTimeout = TimeSpan.FromMinutes(5);
        o.HandOverTimeout = TimeSpan.FromSeconds(60);
    }, replica =>
    {
        Patient(replica.Services);
        more(replica.Services);
    }, _log);

    private sealed class Service(Func<CancellationToken, Task> run) : BackgroundService
    {
        protected override Task ExecuteAsync(CancellationToken stoppingToken) => run(stoppingToken);
    }
}
