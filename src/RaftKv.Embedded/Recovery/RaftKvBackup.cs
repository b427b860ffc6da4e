using RaftKv.Embedded.Primitives;
using RaftKv.Embedded.Storage;

namespace RaftKv.Embedded.Recovery;

/// <summary>Verifies and restores backups that <see cref="IRaftKvCluster.BackupAsync"/> wrote. Needs no running replica.</summary>
public static class RaftKvBackup
{
    /// <summary>Reads a backup to its end and checks every byte of it. Changes nothing.</summary>
    /// <param name="backup">The backup, from its first byte on.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="RaftKvStorageException">
    /// <see cref="RaftKvStorageError.Damaged"/>: it is no backup, cut off, or altered. <see cref="RaftKvStorageError.NewerFormat"/>: a
    /// newer version of this library wrote it.
    /// </exception>
    public static async Task<RaftKvBackupInfo> VerifyAsync(Stream backup, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(backup);
        using var copy = new SnapshotCopy(Reading(backup), static (_, _) => ValueTask.CompletedTask, "(backup)");
        return await copy.RunAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Makes <paramref name="dataDirectory"/> the data directory of the only member of a new cluster, with all data of the backup. Start
    /// the node on it, then add the other nodes, whose directories must be empty. Keys keep their versions; the versions of new writes
    /// begin far above them. The sessions of the old cluster are dropped, so that a write that one of its clients repeats is refused and
    /// not executed twice. Nodes of the old cluster are refused. The backup is verified before the directory is changed. An interrupted
    /// restore can be repeated.
    /// </summary>
    /// <param name="backup">The backup, from its first byte on.</param>
    /// <param name="dataDirectory">
    /// A directory without the data of a cluster; created if it is missing. Its volume needs room for twice the size of the backup.
    /// </param>
    /// <param name="nodeId">The node's name, as in its options.</param>
    /// <param name="address">The address at which peers will reach the node, host:port.</param>
    /// <param name="cancellationToken">Ends the restore; the directory then has no cluster, as before.</param>
    /// <exception cref="RaftKvStorageException">
    /// <see cref="RaftKvStorageError.Damaged"/> or <see cref="RaftKvStorageError.NewerFormat"/>: see <see cref="VerifyAsync"/>.
    /// <see cref="RaftKvStorageError.NotEmpty"/>: the directory has the data of a cluster. In these three cases nothing was changed.
    /// Otherwise the directory cannot be used, or its disk failed.
    /// </exception>
    /// <exception cref="ArgumentException">The directory, the node's name or the address is not valid. Nothing was changed.</exception>
    public static async Task<RaftKvRestored> RestoreAsync(Stream backup, string dataDirectory, string nodeId, string address,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(backup);
        ArgumentException.ThrowIfNullOrWhiteSpace(dataDirectory);
        NodeIds.ThrowIfInvalid(nodeId);
        if (!HostAndPort.TryParse(address, out _))
            throw new ArgumentException(
                $"'{address}' is not an address of the form host:port, for example 10.0.0.4:1111. Nothing was changed.", nameof(address));
        using var cluster = NewCluster.Prepare(new OsFileSystem(), dataDirectory, nodeId, address);
        return await cluster.RestoreAsync(Reading(backup), cancellationToken).ConfigureAwait(false);
    }

    private static Func<Memory<byte>, CancellationToken, ValueTask<int>> Reading(Stream backup) =>
        (into, token) => backup.ReadAtLeastAsync(into, into.Length, throwOnEndOfStream: false, token);
}
