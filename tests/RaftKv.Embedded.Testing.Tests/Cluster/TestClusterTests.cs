using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Xunit;

namespace RaftKv.Embedded.Testing.Tests.Cluster;

/// <summary>
/// A cluster in the test's process survives killed, paused, cut-off and stopped nodes, and wiped, full and slow disks, as a real cluster
/// does.
/// </summary>
public sealed class TestClusterTests
{
    [Fact]
    public async Task Three_nodes_form_a_cluster_and_every_one_takes_every_call()
    {
        await using var cluster = await RaftKvTestCluster.StartAsync(3, cancellationToken: Token);

        foreach (var node in cluster.Nodes)
            await node.Kv.SetAsync(node.Id, new byte[1], cancellationToken: Token);
        foreach (var node in cluster.Nodes)
            Assert.Equal(3, await node.Kv.CountAsync(KvKeyRange.All, cancellationToken: Token));
        await cluster.WaitForConvergenceAsync(Token);
    }

    [Fact]
    public async Task A_killed_leader_is_replaced_and_catches_up_when_it_is_back()
    {
        await using var cluster = await RaftKvTestCluster.StartAsync(3, cancellationToken: Token);
        var first = await cluster.WaitForLeaderAsync(Token);
        await first.Kv.SetAsync("a", new byte[1], cancellationToken: Token);

        await first.KillAsync();

        var second = await cluster.WaitForLeaderAsync(Token);
        Assert.NotEqual(first, second);
        Assert.True((await second.Kv.GetAsync("a", cancellationToken: Token)).Found);
        await second.Kv.SetAsync("b", new byte[1], cancellationToken: Token);
        await first.StartAsync(Token);
        await cluster.WaitForConvergenceAsync(Token);
        Assert.True((await first.Kv.GetAsync("b", KvReadOptions.Stale, Token)).Found);
    }

    [Fact]
    public async Task A_node_without_a_disk_is_taken_in_again_when_it_is_back()
    {
        await using var cluster = await RaftKvTestCluster.StartAsync(3, (_, b) => b.Services.Configure<RaftKvOptions>(
            o => o.Durability = RaftKvDurability.Memory), Token);
        var leader = await cluster.WaitForLeaderAsync(Token);
        await leader.Kv.SetAsync("a", new byte[1], cancellationToken: Token);
        var killed = cluster.Nodes.First(n => n != leader);

        await killed.RestartAsync(Token);

        Assert.Equal(0, killed.Cluster.Status.KeyCount);
        await cluster.WaitForConvergenceAsync(Token);
        Assert.True((await killed.Kv.GetAsync("a", KvReadOptions.Stale, Token)).Found);
    }

    [Fact]
    public async Task A_leader_that_is_cut_off_serves_nothing_and_the_others_go_on()
    {
        await using var cluster = await RaftKvTestCluster.StartAsync(3, (_, b) => b.Services.Configure<RaftKvOptions>(
            o => o.RequestTimeout = TimeSpan.FromMilliseconds(500)), Token);
        var old = await cluster.WaitForLeaderAsync(Token);

        cluster.Partition([old]);

        await Assert.ThrowsAnyAsync<RaftKvException>(async () => await old.Kv.GetAsync("a", cancellationToken: Token));
        var next = await cluster.WaitForLeaderAsync(Token);
        Assert.NotEqual(old, next);
        await next.Kv.SetAsync("a", new byte[1], cancellationToken: Token);

        cluster.Heal();
        await cluster.WaitForConvergenceAsync(Token);
        Assert.True((await old.Kv.GetAsync("a", cancellationToken: Token)).Found);
    }

    [Fact]
    public async Task A_paused_leader_is_deposed_and_follows_when_it_goes_on()
    {
        await using var cluster = await RaftKvTestCluster.StartAsync(3, cancellationToken: Token);
        var old = await cluster.WaitForLeaderAsync(Token);

        old.Pause();

        var next = await cluster.WaitForLeaderAsync(Token);
        Assert.NotEqual(old, next);
        await next.Kv.SetAsync("a", new byte[1], cancellationToken: Token);
        old.Resume();
        await cluster.WaitForConvergenceAsync(Token);
        Assert.True((await old.Kv.GetAsync("a", cancellationToken: Token)).Found);
    }

    [Fact]
    public async Task A_wiped_disk_is_filled_again()
    {
        await using var cluster = await RaftKvTestCluster.StartAsync(3, cancellationToken: Token);
        var leader = await cluster.WaitForLeaderAsync(Token);
        await leader.Kv.SetAsync("a", new byte[1], cancellationToken: Token);
        var wiped = cluster.Nodes.First(n => n != leader);

        Assert.Throws<InvalidOperationException>(wiped.WipeDisk);
        await wiped.KillAsync();
        wiped.WipeDisk();
        await wiped.StartAsync(Token);

        await cluster.WaitForConvergenceAsync(Token);
        Assert.True((await wiped.Kv.GetAsync("a", KvReadOptions.Stale, Token)).Found);
    }

    [Fact]
    public async Task A_cluster_whose_disks_are_full_refuses_what_adds_data_until_there_is_room()
    {
        await using var cluster = await RaftKvTestCluster.StartAsync(3, cancellationToken: Token);
        var leader = await cluster.WaitForLeaderAsync(Token);
        await leader.Kv.SetAsync("a", new byte[1], cancellationToken: Token);
        foreach (var node in cluster.Nodes)
            node.FillDisk();

        await Until(async () => await RefusesAsync(leader.Kv));
        Assert.True((await leader.Kv.DeleteAsync("a", cancellationToken: Token)).Applied);

        foreach (var node in cluster.Nodes)
            node.FillDisk(full: false);
        await Until(async () => !await RefusesAsync(leader.Kv));
    }

    [Fact]
    public async Task Slow_disks_and_a_slow_network_slow_writes_down_and_lose_none()
    {
        await using var cluster = await RaftKvTestCluster.StartAsync(3, cancellationToken: Token);
        var leader = await cluster.WaitForLeaderAsync(Token);
        foreach (var node in cluster.Nodes)
        {
            node.SlowDisk(TimeSpan.FromMilliseconds(5));
            node.Lag(TimeSpan.FromMilliseconds(2));
        }
        var started = System.Diagnostics.Stopwatch.StartNew();

        await leader.Kv.SetAsync("a", new byte[1], cancellationToken: Token);

        Assert.True(started.Elapsed >= TimeSpan.FromMilliseconds(8), $"{started.Elapsed}: a message there and back, and a sync");
        cluster.Heal();
        Assert.True((await cluster.Nodes[2].Kv.GetAsync("a", cancellationToken: Token)).Found);
    }

    [Fact]
    public async Task A_node_that_is_stopped_hands_over_and_a_restart_keeps_what_was_written()
    {
        await using var cluster = await RaftKvTestCluster.StartAsync(3, cancellationToken: Token);
        var leader = await cluster.WaitForLeaderAsync(Token);
        await leader.Kv.SetAsync("a", new byte[1], cancellationToken: Token);

        await leader.StopAsync(Token);
        var next = await cluster.WaitForLeaderAsync(Token);
        Assert.NotEqual(leader, next);
        foreach (var node in cluster.Nodes)
            await node.RestartAsync(Token);

        await cluster.WaitForConvergenceAsync(Token);
        Assert.True((await leader.Kv.GetAsync("a", cancellationToken: Token)).Found);
    }

    [Fact]
    public async Task An_application_of_the_test_hosts_a_node()
    {
        await using var cluster = RaftKvTestCluster.Create(3);
        var hosts = await StartApplicationsAsync(cluster);

        var leader = await cluster.WaitForLeaderAsync(Token);
        await hosts[0].Services.GetRequiredService<IDistributedKv>().SetAsync("a", new byte[1], cancellationToken: Token);
        await leader.KillAsync();
        var next = await cluster.WaitForLeaderAsync(Token);
        Assert.True((await next.Kv.GetAsync("a", cancellationToken: Token)).Found);

        foreach (var host in hosts)
        {
            await host.StopAsync(new CancellationToken(canceled: true));
            host.Dispose();
        }
    }

    [Fact]
    public async Task The_cluster_goes_on_when_an_application_of_the_test_stops_its_node()
    {
        await using var cluster = RaftKvTestCluster.Create(3);
        var hosts = await StartApplicationsAsync(cluster);
        var leader = await cluster.WaitForLeaderAsync(Token);
        var leadersHost = hosts[cluster.Nodes.ToList().IndexOf(leader)];

        await leadersHost.StopAsync(Token);
        leadersHost.Dispose();

        Assert.False(leader.IsRunning);
        Assert.NotSame(leader, await cluster.WaitForLeaderAsync(Token));
        leader.WipeDisk();
        foreach (var host in hosts)
            host.Dispose();
    }

    [Fact]
    public async Task A_node_that_an_application_of_the_test_hosts_hands_over_when_it_is_stopped()
    {
        await using var cluster = RaftKvTestCluster.Create(3);
        var hosts = await StartApplicationsAsync(cluster, Patient);
        var leader = await cluster.WaitForLeaderAsync(Token);
        var term = leader.Cluster.Status.Term;

        await leader.StopAsync(Token);

        var next = await cluster.WaitForLeaderAsync(Token);
        var elections = cluster.Nodes.Where(n => n.IsRunning).SelectMany(n => n.Cluster.Status.Elections);
        Assert.Contains(elections, e => e.Cause.Contains($"asked by {leader.Id}", StringComparison.Ordinal));
        Assert.True(next.Cluster.Status.Term > term);
        foreach (var host in hosts)
            host.Dispose();

        // So that a busy machine holds no election of its own.
        static void Patient(RaftKvOptions options) =>
            (options.ElectionTimeout, options.HandOverTimeout) = (TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(30));
    }

    private static async Task<List<IHost>> StartApplicationsAsync(RaftKvTestCluster cluster, Action<RaftKvOptions>? configure = null)
    {
        var hosts = cluster.Nodes.Select(node =>
        {
            var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
            // The application's own registration. AddTo replaces the data directory of its options.
            builder.Services.AddRaftKv(o => o.DataDirectory = "/nowhere/it/could/write").AddDistributedCache();
            node.AddTo(builder.Services);
            if (configure is not null)
                builder.Services.PostConfigure(configure);
            return builder.Build();
        }).ToList();
        await Task.WhenAll(hosts.Select(h => h.StartAsync(Token)));
        return hosts;
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_transfer_whose_answer_was_lost_is_not_said_to_be_refused_while_it_goes_on()
    {
        await using var cluster = await RaftKvTestCluster.StartAsync(3, (_, b) => b.Services.Configure<RaftKvOptions>(
            o => (o.RequestTimeout, o.HandOverTimeout) = (TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(30))), Token);
        RaftKvException? error = null;
        await Until(async () =>
        {
            var leader = await cluster.WaitForLeaderAsync(Token);
            var asked = cluster.Nodes.First(n => n != leader);
            var successor = cluster.Nodes.Last(n => n != leader);
            // It takes over once its vote for itself is on its disk.
            successor.SlowDisk(TimeSpan.FromSeconds(5));
            error = await Record.ExceptionAsync(() => asked.Cluster.TransferLeadershipAsync(successor.Id, Token)) as RaftKvException;
            successor.SlowDisk(TimeSpan.Zero);
            // On a machine that is busy another node may have been elected, or the successor may not have answered in time.
            return error is not (null or RaftKvUnavailableException
                or RaftKvMembershipException { Error: RaftKvMembershipError.NotEligible });
        });

        Assert.Equal(KvOutcome.Unknown, error!.Outcome);
    }

    private static async Task<bool> RefusesAsync(IDistributedKv kv)
    {
        try
        {
            await kv.SetAsync("b", new byte[1], cancellationToken: Token);
            return false;
        }
        catch (RaftKvUnavailableException e) when (e.Reason == RaftKvUnavailableReason.NoSpace)
        {
            return true;
        }
        catch (RaftKvOutcomeUnknownException)
        {
            // A leader whose disk is full transfers the leadership to a node that has reported room. A write that both leaders received may
            // have been applied.
            return false;
        }
    }

    private static async Task Until(Func<Task<bool>> holds)
    {
        for (var i = 0; i < 1_200; i++)
        {
            if (await holds())
                return;
            await Task.Delay(50, Token);
        }
        Assert.Fail("It did not happen within a minute.");
    }
}
