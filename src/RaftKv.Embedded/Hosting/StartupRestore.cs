using Microsoft.Extensions.Logging;
using RaftKv.Embedded.Diagnostics;
using RaftKv.Embedded.Node;
using RaftKv.Embedded.Primitives;
using RaftKv.Embedded.Recovery;
using RaftKv.Embedded.Storage;
using RaftKv.Embedded.Transport;

namespace RaftKv.Embedded.Hosting;

/// <summary>
/// Carries out <see cref="RaftKvOptions.RestoreFrom"/> before the replica opens. The option often stays in the configuration when the disk
/// of a node is replaced, so there are three guards: a directory that belongs to a cluster is not changed, a node that a running cluster
/// has among its members restores nothing, and a backup file is restored only once.
/// </summary>
internal sealed class StartupRestore(RaftKvOptions options, string backup, ILogger log, Observers observers)
{
    private readonly OsFileSystem _files = new();

    /// <summary>The file that a restore writes next to the backup.</summary>
    private string Receipt => backup + ".restored";

    /// <exception cref="RaftKvStorageException">
    /// The backup cannot be read, was restored before, or the directory cannot be used.
    /// </exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        if (NewCluster.Exists(_files, options.DataDirectory, options.NodeId))
        {
            log.RestoreStillConfigured(options.NodeId, backup);
            return;
        }
        // On a separate thread, because it blocks.
        var caller = await Task.Factory.StartNew(() => FindCluster(cancellationToken), cancellationToken, TaskCreationOptions.LongRunning,
            TaskScheduler.Default).ConfigureAwait(false);
        if (caller is not null)
        {
            options.IsRestoreDeclined = true;
            log.RestoreDeclined(options.NodeId, backup, caller.NodeId, caller.ClusterId);
            return;
        }
        try
        {
            ThrowIfRestoredBefore();
            var file = File.OpenRead(backup);
            await using var closed = file.ConfigureAwait(false);
            var restored = await RaftKvBackup.RestoreAsync(file, options.DataDirectory, options.NodeId,
                options.AdvertiseAddress ?? options.ListenAddress, cancellationToken).ConfigureAwait(false);
            log.Restored(options.NodeId, restored.Backup.KeyCount, restored.Backup.Version.Value, restored.Backup.ClusterId,
                restored.ClusterId, restored.Version.Value);
            log.ClusterBootstrapped(options.NodeId, restored.ClusterId, members: 1);
            WriteReceipt(restored.ClusterId);
        }
        catch (Exception e) when (OsErrors.IsExpected(e))
        {
            throw OsErrors.From(e, "read the backup", backup);
        }
    }

    private PeerHello? FindCluster(CancellationToken cancellationToken)
    {
        if (!RestoreGuard.CanBeReached(options))
            return null;
        using var directory = DataDirectory.Open(_files, options.DataDirectory);
        // The cluster admits the identity that it sees here, so the node must keep this identity. The restore itself refuses a log without
        // an identity.
        var identity = NodeIdentity.Load(_files, directory.Root, options.NodeId);
        if (identity is null && _files.ListFiles(directory.Wal).Count > 0)
            return null;
        identity ??= NodeIdentity.Create(_files, directory.Root, options.NodeId, Guid.NewGuid());
        using var transport = new TcpTransport(TransportSetup.From(options, identity.Incarnation,
            observers.CreateLogger("RaftKv.Embedded.Transport")));
        using var guard = new RestoreGuard(options, identity, () => transport.AdvertisedAddress);
        transport.Start(guard);
        var caller = guard.WaitForCluster(options.RestoreGuardTime, cancellationToken);
        // Disposed before the guard, because threads of the transport call the guard.
        transport.Dispose();
        return caller;
    }

    private void ThrowIfRestoredBefore()
    {
        if (!File.Exists(Receipt))
            return;
        throw new RaftKvStorageException(RaftKvStorageError.AlreadyRestored,
            $"RestoreFrom names {backup}, which was restored before ({File.ReadAllText(Receipt).Trim()}), and the data directory "
                + $"{options.DataDirectory} is empty now. Nothing was changed. If this node lost its disk, remove "
            + $"RestoreFrom: the other members admit it. If the backup is to found another cluster, delete {Receipt}.");
    }

    private void WriteReceipt(Guid clusterId)
    {
        try
        {
            File.WriteAllText(Receipt, $"by {options.NodeId} into cluster {clusterId}\n");
        }
        catch (Exception e) when (OsErrors.IsExpected(e))
        {
            log.RestoreNotNoted(options.NodeId, Receipt, e.Message);
        }
    }
}
