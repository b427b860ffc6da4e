namespace RaftKv.Embedded.Storage;

/// <summary>Where a replica keeps its things, held exclusively until disposed.</summary>
internal sealed class DataDirectory : IDisposable
{
    public const string WalName = "wal";
    public const string SnapshotsName = "snapshots";
    public const string StoreName = "store";

    private readonly IDisposable _lock;

    private DataDirectory(string root, IDisposable heldLock) => (Root, _lock) = (root, heldLock);

    /// <summary>The directory itself, with the identity in it.</summary>
    public string Root { get; }

    public string Wal => Path.Combine(Root, WalName);

    public string Snapshots => Path.Combine(Root, SnapshotsName);

    /// <summary>The store's scratch files; nothing in it outlives the process.</summary>
    public string Store => Path.Combine(Root, StoreName);

    /// <summary>
    /// Creates the directory if it is missing, takes possession of it, clears the scratch files of the last run, and makes durable what
    /// names that left.
    /// </summary>
    /// <exception cref="RaftKvStorageException">
    /// <see cref="RaftKvStorageError.Locked"/>; <see cref="RaftKvStorageError.ForeignDirectory"/>: it has no identity and entries that no
    /// replica made; or it cannot be created or written.
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
            // Of the last process, which may have ended because a sync failed, names are to be seen that only the page cache has. Nothing
            // is built on them before the disk has them too.
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
