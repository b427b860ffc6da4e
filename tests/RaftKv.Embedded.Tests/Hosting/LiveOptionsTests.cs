using System.Reflection;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using RaftKv.Embedded.Hosting;
using RaftKv.Embedded.Node;
using RaftKv.Embedded.Tests.Transport;
using Xunit;

namespace RaftKv.Embedded.Tests.Hosting;

/// <summary>Options that change while the node runs: some are taken over, some need a restart, and invalid values are ignored.</summary>
public sealed class LiveOptionsTests : IDisposable
{
    private const int Taken = 193;
    private const int NeedRestart = 194;
    private const int Ignored = 195;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static readonly string Old = new('o', 32);
    private static readonly string New = new('n', 32);

    private readonly TestFolder _folder = new();
    private readonly int[] _ports = FreePorts.Take(2);
    private readonly RecordingLogger _log = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Every_option_is_one_that_is_taken_over_or_one_that_needs_a_restart() => Assert.Equal(
        typeof(RaftKvOptions).GetProperties(BindingFlags.Public | BindingFlags.Instance).Select(p => p.Name).Order(),
        LiveOptions.Names.Order());

    [Fact]
    public async Task Changed_timeouts_are_taken_over_and_others_need_a_restart_and_invalid_ones_are_ignored()
    {
        var configuration = new ConfigurationManager { ["DataDirectory"] = _folder.Sub("data"), ["Bootstrap"] = "SingleNode" };
        using var host = await StartAsync(configuration);
        var running = host.Services.GetRequiredService<IOptions<RaftKvOptions>>().Value;

        Change(configuration, ("RequestTimeout", "00:00:09"));
        Assert.Equal(TimeSpan.FromSeconds(9), running.RequestTimeout);
        AssertLogged(1, 0, 0);

        Change(configuration, ("ElectionTimeout", "00:00:01"));
        Assert.Equal(TimeSpan.FromMilliseconds(250), running.ElectionTimeout);
        AssertLogged(1, 1, 0);

        // The framework's own monitor of the options throws at the caller of the reload.
        Assert.Throws<AggregateException>(() => Change(configuration, ("RequestTimeout", "-1")));
        Assert.Throws<AggregateException>(() => Change(configuration, ("RequestTimeout", "soon")));
        Assert.Equal(TimeSpan.FromSeconds(9), running.RequestTimeout);
        AssertLogged(1, 1, 2);

        Change(configuration, ("RequestTimeout", "00:00:08"));
        Assert.Equal(TimeSpan.FromSeconds(8), running.RequestTimeout);
        await host.StopAsync(Cancel);
    }

    private void AssertLogged(int taken, int needRestart, int ignored) =>
        Assert.Equal((taken, needRestart, ignored), (_log.Await(Taken, taken), _log.Await(NeedRestart, needRestart), _log.Await(Ignored, ignored)));

    [Fact]
    public async Task A_secret_is_changed_on_all_nodes_one_after_the_other_without_a_restart()
    {
        ConfigurationManager[] configurations = [.. Enumerable.Range(1, 2).Select(Member)];
        using var one = await StartAsync(configurations[0]);
        using var two = await StartAsync(configurations[1]);
        await ReadyAsync(one, two);
        // The new secret is added at the end, then it becomes the first, then the old one is removed.
        foreach (var secrets in (string[][])[[Old, New], [New, Old], [New]])
        {
            foreach (var configuration in configurations)
                Change(configuration, ("PeerSecrets:0", secrets[0]), ("PeerSecrets:1", secrets.ElementAtOrDefault(1)));
        }

        // New connections accept only the new secret, so a node that returns with the old one is refused.
        await two.StopAsync(Cancel);
        two.Dispose();
        using (var stranger = await StartAsync(Member(2)))
        {
            var status = stranger.Services.GetRequiredService<IRaftKvCluster>();
            await Assert.ThrowsAsync<OperationCanceledException>(() => status.WaitUntilReadyAsync(new CancellationTokenSource(TimeSpan.FromSeconds(2)).Token));
            await stranger.StopAsync(Cancel);
        }
        var changed = Member(2);
        changed["PeerSecrets:0"] = New;
        using var back = await StartAsync(changed);
        await ReadyAsync(one, back);
        await back.StopAsync(Cancel);
        await one.StopAsync(Cancel);
    }

    [Fact]
    public async Task A_secret_that_changes_while_the_replica_opens_is_taken_over_once_it_is_open()
    {
        using var opens = new ManualResetEventSlim();
        var configuration = Member(1);
        var started = new StartedService(() => { });
        using var one = Build(configuration, services => services
            .AddSingleton<ReplicaOpener>(new WaitingOpener(opens)).AddSingleton<IHostedService>(started));
        var starting = one.StartAsync(Cancel);
        try
        {
            await started.Started.WaitAsync(Patience, Cancel);
            Change(configuration, ("PeerSecrets:0", New), ("RequestTimeout", "00:00:09"));
            Change(configuration, ("PeerSecrets:1", Old));
            Assert.Equal(1, _log.Await(Taken));
            Assert.DoesNotContain(_log.Lines, l => l.Id == Taken && l.Text.Contains("PeerSecrets", StringComparison.Ordinal));
        }
        finally
        {
            opens.Set();
        }
        await starting.WaitAsync(Patience, Cancel);
        Assert.Equal(2, _log.Await(Taken, 2));

        var changed = Member(2);
        changed["PeerSecrets:0"] = New;
        using var two = await StartAsync(changed);
        await ReadyAsync(one, two).WaitAsync(Patience, Cancel);
        await two.StopAsync(Cancel);
        await one.StopAsync(Cancel);
    }

    [Fact]
    public async Task Options_that_change_while_other_services_start_are_taken_over()
    {
        var configuration = Member(1);
        using var one = Build(configuration, services => services.Insert(0, ServiceDescriptor.Singleton<IHostedService>(
            new StartedService(() => Change(configuration, ("PeerSecrets:0", New), ("RequestTimeout", "00:00:09"))))));
        await one.StartAsync(Cancel);

        Assert.Equal(1, _log.Await(Taken));
        Assert.Equal(TimeSpan.FromSeconds(9), one.Services.GetRequiredService<IOptions<RaftKvOptions>>().Value.RequestTimeout);
        var changed = Member(2);
        changed["PeerSecrets:0"] = New;
        using var two = await StartAsync(changed);
        await ReadyAsync(one, two).WaitAsync(Patience, Cancel);
        await two.StopAsync(Cancel);
        await one.StopAsync(Cancel);
    }

    private static void Change(ConfigurationManager configuration, params (string Name, string? Value)[] values)
    {
        foreach (var (name, value) in values)
            configuration[name] = value;
        ((IConfigurationRoot)configuration).Reload();
    }

    private static async Task ReadyAsync(params IHost[] hosts)
    {
        foreach (var host in hosts)
            await host.Services.GetRequiredService<IRaftKvCluster>().WaitUntilReadyAsync(Cancel);
    }

    private ConfigurationManager Member(int number) => new()
    {
        ["NodeId"] = $"node{number}",
        ["DataDirectory"] = _folder.Sub($"node{number}"),
        ["InitialMembers"] = $"node1=127.0.0.1:{_ports[0]},node2=127.0.0.1:{_ports[1]}",
        ["ElectionTimeout"] = "00:00:00.5",
        ["PeerSecrets:0"] = Old,
    };

    private async Task<IHost> StartAsync(IConfiguration section)
    {
        var host = Build(section, _ => { });
        await host.StartAsync(Cancel);
        return host;
    }

    private IHost Build(IConfiguration section, Action<IServiceCollection> extend)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Logging.AddProvider(_log);
        builder.Services.AddRaftKv(section);
        extend(builder.Services);
        return builder.Build();
    }

    /// <summary>Does something when it starts.</summary>
    private sealed class StartedService(Action start) : IHostedService
    {
        private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Started => _started.Task;

        public Task StartAsync(CancellationToken cancellationToken)
        {
            start();
            _started.SetResult();
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
