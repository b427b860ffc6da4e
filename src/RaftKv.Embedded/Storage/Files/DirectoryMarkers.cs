namespace RaftKv.Embedded.Storage;

/// <summary>Names of marker files in a data directory. The existence of the file is the information.</summary>
internal static class DirectoryMarkers
{
    /// <summary>A cluster has adopted the node, but the node knows no committed configuration that names it yet.</summary>
    public const string Joining = "joining";

    /// <summary>A backup is being restored into the directory, or a new cluster is being made of it.</summary>
    public const string Restoring = "restoring";

    /// <summary>
    /// A new cluster was made from this directory's data. The node of this directory does not start any more. The content of the file is
    /// the id of the new cluster.
    /// </summary>
    public const string Retired = "retired";

    /// <summary>
    /// An older copy of the directory was put back, and its node, the only voter at that time, led alone on it. The node of this directory
    /// does not start any more.
    /// </summary>
    public const string Diverged = "diverged";

    /// <summary>What to do about a directory with the marker <see cref="Diverged"/>.</summary>
    public const string DivergedAdvice = "Writes that were acknowledged since then are in this directory only. Keep it for inspection, and "
        + "start the node with an empty directory: the cluster admits it again. If no other voter has its data any more, make a new "
        + "cluster of one of the directories with `raftkv recover`.";

    /// <summary>Called at the start of a node.</summary>
    /// <exception cref="RaftKvStorageException">
    /// <see cref="RaftKvStorageError.Damaged"/>: a restore was interrupted before it was complete.
    /// </exception>
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

    /// <summary>Called at the start of a node.</summary>
    /// <exception cref="RaftKvStorageException">
    /// <see cref="RaftKvStorageError.Retired"/>: a recovery made a new cluster from its data.
    /// </exception>
    public static void ThrowIfRetired(IFileSystem fs, DataDirectory directory)
    {
        if (fs.FileExists(Path.Combine(directory.Root, Retired)))
        {
            throw new RaftKvStorageException(RaftKvStorageError.Retired,
                $"The data directory {directory.Root} is of a cluster that lost its quorum and was replaced by a recovery. It "
                + "is kept for inspection, and no node starts on it. Start this node with an empty directory and "
                + "add it to the new cluster.");
        }
    }

    /// <summary>Called at the start of a node.</summary>
    /// <exception cref="RaftKvStorageException">
    /// <see cref="RaftKvStorageError.Damaged"/>: its log has entries that the cluster never had.
    /// </exception>
    public static void ThrowIfDiverged(IFileSystem fs, DataDirectory directory)
    {
        if (fs.FileExists(Path.Combine(directory.Root, Diverged)))
        {
            throw new RaftKvStorageException(RaftKvStorageError.Damaged,
                $"The data directory {directory.Root} is an older copy that was put back, and its node led alone on it, so it has entries "
                    + $"that the cluster never had. {DivergedAdvice}");
        }
    }
}
