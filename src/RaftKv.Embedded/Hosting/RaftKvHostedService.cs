using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using RaftKv.Embedded.Client;
using RaftKv.Embedded.Diagnostics;
using RaftKv.Embedded.Replica;

namespace RaftKv.Embedded.Hosting;

/// <summary>
/// Ties the replica's life to the host's: opened before any other service starts, stopped after all of them, in whatever order they were added. A leader hands over before the first of them
/// stops, so that the calls they still make and serve meet a leader elsewhere. Start never waits for a leader.
/// </summary>
internal sealed class RaftKvHostedService(
    IOptions<RaftKvOptions> options,
    ReplicaAccess access,
    ILoggerFactory loggers,
    [FromKeyedServices(RaftKvServiceCollectionExtensions.TimeProviderKey)] TimeProvider? time = null) : IHostedLifecycleService, IDisposable
{
    private ReplicaHost? _host;

    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        var log = loggers.CreateLogger("RaftKv.Embedded.Replica");
        var settings = options.Value;
        if (settings.AllowInsecurePeers && !settings.AuthenticatesPeers)
            log.InsecurePeers(settings.NodeId, settings.ListenAddress);
        if (settings.Durability == RaftKvDurability.OsBuffered)
            log.NotDurable(settings.NodeId);
        if (settings.RestoreFrom is { } backup)
            await new StartupRestore(settings, backup, log, loggers).RunAsync(cancellationToken).ConfigureAwait(false);
        var clock = new ReplicaClock(time is null || time == TimeProvider.System ? SuspendAwareTime.Instance : time);
        _host = ReplicaHost.Open(settings, clock, log, loggers);
        access.Set(_host);
        _host.Start();
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => _host?.HandOverAsync(cancellationToken) ?? Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => _host?.StopAsync(cancellationToken) ?? Task.CompletedTask;

    public void Dispose() => _host?.Dispose();
}
