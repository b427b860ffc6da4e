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
/// <remarks>
/// Opening takes the longer the more data there is. When it takes more than a second, the other services start meanwhile, a web server with its probes among them; the start of the host as a whole
/// is over when the replica is open, and fails when it cannot be opened.
/// </remarks>
internal sealed class RaftKvHostedService(
    IOptions<RaftKvOptions> options,
    ReplicaAccess access,
    ILoggerFactory loggers,
    [FromKeyedServices(RaftKvServiceCollectionExtensions.TimeProviderKey)] TimeProvider? time = null) : IHostedLifecycleService, IDisposable
{
    /// <summary>So long the services that start next wait for the replica, and find it open.</summary>
    private static readonly TimeSpan OpensUnseen = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan DisposePatience = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private Task<ReplicaHost>? _opening;
    private ReplicaHost? _host;
    private bool _disposed;

    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        var log = loggers.CreateLogger("RaftKv.Embedded.Replica");
        var settings = options.Value;
        if (settings.AllowInsecurePeers && !settings.AuthenticatesPeers)
            log.InsecurePeers(settings.NodeId, settings.ListenAddress);
        if (settings.Durability == RaftKvDurability.OsBuffered)
            log.NotDurable(settings.NodeId);
        _opening = Task.Factory.StartNew(() => Open(settings, log, cancellationToken), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        access.SetOpening(_opening);
        if (await Task.WhenAny(_opening, Task.Delay(OpensUnseen, cancellationToken)).ConfigureAwait(false) == _opening)
            await _opening.ConfigureAwait(false);
        else
            log.OpeningTakesLong(settings.NodeId, settings.DataDirectory);
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>The host has started once the replica is open. What keeps it from that is the host's to hear.</summary>
    public Task StartedAsync(CancellationToken cancellationToken) => _opening?.WaitAsync(cancellationToken) ?? Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Volatile.Read(ref _host)?.HandOverAsync(cancellationToken) ?? Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Volatile.Read(ref _host)?.StopAsync(cancellationToken) ?? Task.CompletedTask;

    public void Dispose()
    {
        lock (_gate)
            _disposed = true;
        // A start that was given up ends its opening by itself.
        if (_opening is { IsCompleted: false } opening)
            Task.WaitAny([opening], DisposePatience);
        Volatile.Read(ref _host)?.Dispose();
    }

    private ReplicaHost Open(RaftKvOptions settings, ILogger log, CancellationToken cancellationToken)
    {
        if (settings.RestoreFrom is { } backup)
            new StartupRestore(settings, backup, log, loggers).RunAsync(cancellationToken).GetAwaiter().GetResult();
        var host = ReplicaHost.Open(settings, new ReplicaClock(time is null || time == TimeProvider.System ? SuspendAwareTime.Instance : time), log, loggers);
        lock (_gate)
        {
            if (_disposed)
            {
                host.Dispose();
                throw new OperationCanceledException("The host was stopped before the replica was open.");
            }
            Volatile.Write(ref _host, host);
            access.Set(host);
            host.Start();
        }
        return host;
    }
}
