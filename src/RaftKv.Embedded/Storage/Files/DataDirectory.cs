namespace RaftKv.Embedded.Storage;

/// <summary>The data directory of a replica, locked exclusively until disposed.</summary>
internal sealed class DataDirectory : IDisposable
{
    public const string WalName = "wal";
    public const string SnapshotsName = "snapshots";
    public const string StoreName = "store";

    private readonly IDisposable _lock;

    private DataDirectory(string root, IDisposable heldLock) => (Root, _lock) = (root, heldLock);

    /// <summary>The directory itself, which contains the identity, the markers and the lock file.</summary>
    public string Root { get; }

    public string Wal => Path.Combine(Root, WalName);

    public string Snapshots => Path.Combine(Root, SnapshotsName);

    /// <summary>Scratch files of the store. A restarted process uses none of them.</summary>
    public string Store => Path.Combine(Root, StoreName);

    /// <summary>
    /// Creates the directory if it is missing, locks it, deletes the scratch files of earlier restores, and syncs the directories.
    /// </summary>
    /// <exception cref="RaftKvStorageException">
    /// <see cref="RaftKvStorageError.Locked"/>: another replica uses it; <see cref="RaftKvStorageError.ForeignDirectory"/>: it has no
    /// identity, but entries that no replica created; or it cannot be created or written.
    /// </exception>
    public static DataDirectory Open(IFileSystem fs, string root)
    {
        ForeignEntries.ThrowIfUnowned(fs, root);
        fs.CreateDirectory(root);
        var directory = new DataDirectory(root, fs.Lock(Path.Combine(root, "lock")));
        try
        {
            fs.CreateDirectory(directory.Wal);
            fs.CreateDirectory(directory.Snapshots);
            fs.CreateDirectory(directory.Store);
            foreach (var name in fs.ListFiles(directory.Store).Where(ForeignEntries.IsSpool))
                fs.Delete(Path.Combine(directory.Store, name));
            // If the last process ended because a sync failed, some directory entries may exist only in the page cache. They are synced
            // before anything depends on them.
            fs.SyncDirectory(root);
            fs.SyncDirectory(directory.Wal);
            fs.SyncDirectory(directory.Snapshots);
            return directory;
        }
        catch
        {
            directory.Dispose();
            throw;
        }
    }

    public void Dispose() => _lock.Dispose();
}
