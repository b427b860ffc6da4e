using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RaftKv.Embedded.Client;
using RaftKv.Embedded.Node;
using Xunit;

namespace RaftKv.Embedded.Tests.Hosting;

/// <summary>A node in a generic host of its own, as in an application.</summary>
internal sealed class TestNode : IAsyncDisposable
{
    private readonly IHost _host;
    private bool _stopped;

    private TestNode(IHost host) => _host = host;

    public IServiceProvider Services => _host.Services;

    public IDistributedKv Kv => _host.Services.GetRequiredService<IDistributedKv>();

    public IRaftKvCluster Cluster => _host.Services.GetRequiredService<IRaftKvCluster>();

    public IRaftKvLeases Leases => _host.Services.GetRequiredService<IRaftKvLeases>();

    /// <summary>The replica inside of the host, for tests that manipulate it.</summary>
    public LocalReplica Inside => _host.Services.GetRequiredService<ReplicaAccess>().Host;

    public IRaftKvCoordination Coordination => _host.Services.GetRequiredService<IRaftKvCoordination>();

    /// <summary>
    /// Starts a node. When its options name no other node, it bootstraps a cluster with its first call, or can be added to one.
    /// </summary>
    public static Task<TestNode> StartAsync(Action<RaftKvOptions> configure, Action<IRaftKvBuilder>? extend = null) => StartAsConfiguredAsync(o =>
    {
        configure(o);
        if (o.Bootstrap == RaftKvBootstrap.Auto && o.InitialMembers.Count + o.Seeds.Count == 0)
            o.Bootstrap = RaftKvBootstrap.SingleNode;
    }, extend);

    /// <summary>Starts a node with these options, also when they name no other node.</summary>
    public static async Task<TestNode> StartAsConfiguredAsync(Action<RaftKvOptions> configure, Action<IRaftKvBuilder>? extend = null, ILoggerProvider? log = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        if (log is not null)
            builder.Logging.AddProvider(log);
        if (Environment.GetEnvironmentVariable("RAFTKV_TEST_LOG") is { Length: > 0 })
            builder.Logging.AddSimpleConsole(o => o.SingleLine = true);
        var replica = builder.Services.AddRaftKv(o =>
        {
            // The default allows for machines that reboot.
            o.ReplacedDiskTimeout = TimeSpan.FromSeconds(2);
            configure(o);
        });
        extend?.Invoke(replica);
        var host = builder.Build();
        try
        {
            await host.StartAsync(TestContext.Current.CancellationToken);
        }
        catch
        {
            host.Dispose();
            throw;
        }
        return new TestNode(host);
    }

    public async Task StopAsync()
    {
        if (_stopped)
            return;
        _stopped = true;
        await _host.StopAsync(CancellationToken.None);
        _host.Dispose();
    }

    public async ValueTask DisposeAsync() => await StopAsync();
}
