using RaftKv.Embedded.Primitives;
using RaftKv.Embedded.Storage;

namespace RaftKv.Embedded.Recovery;

/// <summary>Verifies and restores what <see cref="IRaftKvCluster.BackupAsync"/> wrote. Needs no running replica.</summary>
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
    /// Makes <paramref name="dataDirectory"/> the data of the only member of a new cluster, with everything the backup holds. Start the
    /// node on it, then add the others, whose directories must be empty. Keys keep their versions, and the new cluster's begin far above
    /// them; the sessions of the old cluster are forgotten, so that a write repeated from there is refused rather than done twice; nodes of
    /// the old cluster are refused. The backup is verified before anything else happens; an interrupted restore can be repeated.
    /// </summary>
    /// <param name="backup">The backup, from its first byte on.</param>
    /// <param name="dataDirectory">
    /// A directory without the data of a cluster; made if it is missing. It needs room for the backup twice.
    /// </param>
    /// <param name="nodeId">The node's name, as in its options.</param>
    /// <param name="address">Where peers will reach it, host:port.</param>
    /// <param name="cancellationToken">Ends the restore; the directory then has no cluster, as before.</param>
    /// <exception cref="RaftKvStorageException">
    /// <see cref="RaftKvStorageError.Damaged"/> or <see cref="RaftKvStorageError.NewerFormat"/>: see <see cref="VerifyAsync"/>.
    /// <see cref="RaftKvStorageError.NotEmpty"/>: the directory has the data of a cluster. In all three cases nothing was changed.
    /// </exception>
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
