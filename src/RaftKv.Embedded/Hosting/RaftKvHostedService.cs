using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using RaftKv.Embedded.Client;
using RaftKv.Embedded.Diagnostics;
using RaftKv.Embedded.Replica;
using RaftKv.Embedded.Storage;

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
            await RestoreAsync(settings, backup, log, cancellationToken).ConfigureAwait(false);
        _host = ReplicaHost.Open(settings, new ReplicaClock(time ?? TimeProvider.System), log, loggers);
        access.Set(_host);
        _host.Start();
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => _host?.HandOverAsync(cancellationToken) ?? Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => _host?.StopAsync(cancellationToken) ?? Task.CompletedTask;

    public void Dispose() => _host?.Dispose();

    /// <summary>A directory that belongs to a cluster is left alone: the restore is done.</summary>
    private static async Task RestoreAsync(RaftKvOptions settings, string backup, ILogger log, CancellationToken cancellationToken)
    {
        if (NewCluster.Exists(new OsFileSystem(), settings.DataDirectory, settings.NodeId))
            return;
        try
        {
            await using var file = File.OpenRead(backup);
            var restored = await RaftKvBackup.RestoreAsync(file, settings.DataDirectory, settings.NodeId, settings.AdvertiseAddress ?? settings.ListenAddress, cancellationToken).ConfigureAwait(false);
            log.Restored(settings.NodeId, restored.Backup.KeyCount, restored.Backup.Version.Value, restored.Backup.ClusterId, restored.ClusterId, restored.Version.Value);
        }
        catch (Exception e) when (OsErrors.IsExpected(e))
        {
            throw OsErrors.From(e, "read the backup", backup);
        }
    }
}
