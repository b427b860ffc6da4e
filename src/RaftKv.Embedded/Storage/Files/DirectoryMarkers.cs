namespace RaftKv.Embedded.Storage;

/// <summary>Files in a data directory whose presence alone says something.</summary>
internal static class DirectoryMarkers
{
    /// <summary>The node asks a cluster to admit it.</summary>
    public const string Joining = "joining";

    /// <summary>A backup is being restored into the directory, or a new cluster is being made of it.</summary>
    public const string Restoring = "restoring";

    /// <summary>
    /// A new cluster was made of this directory's data. Its node does not start any more; the text is the id of the new cluster.
    /// </summary>
    public const string Retired = "retired";

    /// <summary>For the start of a node.</summary>
    /// <exception cref="RaftKvStorageException"><see cref="RaftKvStorageError.Damaged"/>: a restore was interrupted before it was
    /// whole.</exception>
    public static void ThrowIfUnfinished(IFileSystem fs, DataDirectory directory, bool hasCluster)
    {
        var marker = Path.Combine(directory.Root, Restoring);
        if (!fs.FileExists(marker))
            return;
        if (!hasCluster)
            throw new RaftKvStorageException(RaftKvStorageError.Damaged,
                $"A restore into {directory.Root} was interrupted. Repeat it, or empty the directory.");
        fs.Delete(marker);
    }

    /// <summary>For the start of a node.</summary>
    /// <exception cref="RaftKvStorageException"><see cref="RaftKvStorageError.Retired"/></exception>
    public static void ThrowIfRetired(IFileSystem fs, DataDirectory directory)
    {
        if (fs.FileExists(Path.Combine(directory.Root, Retired)))
        {
            throw new RaftKvStorageException(RaftKvStorageError.Retired,
                $"The data directory {directory.Root} is of a cluster that lost its quorum and was replaced by a recovery. It "
                + "is kept to be looked at and does not start. Start this node with an empty directory and add it to the new cluster.");
        }
    }
}
