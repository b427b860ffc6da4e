namespace RaftKv.Embedded.Storage;

/// <summary>
/// The disk, at the level where it fails: writes, syncs, renames. Everything durable goes through it, so that tests can tear, lose and
/// refuse. Every failure is a <see cref="RaftKvStorageException"/>, and is final for its caller.
/// </summary>
internal interface IFileSystem
{
    /// <summary>Creates the directory and its parents if missing, and makes their entries durable.</summary>
    void CreateDirectory(string path);

    bool FileExists(string path);

    /// <summary>The names (not paths) of the files in a directory, in ordinal order; empty if there is no such directory.</summary>
    IReadOnlyList<string> ListFiles(string directory);

    /// <summary>The names (not paths) of the directories in a directory, in ordinal order; empty if there is no such directory.</summary>
    IReadOnlyList<string> ListDirectories(string directory);

    IStorageFile Open(string path, FileOpenMode mode);

    /// <summary>Replaces <paramref name="to"/> atomically. Durable after <see cref="SyncDirectory"/>.</summary>
    void Rename(string from, string to);

    /// <summary>Removes a file if it exists. Durable after <see cref="SyncDirectory"/>.</summary>
    void Delete(string path);

    /// <summary>Removes a directory that has no entries. It stays when it has some.</summary>
    void DeleteDirectoryIfEmpty(string path);

    void SyncDirectory(string path);

    /// <summary>Bytes free for this user on the disk of <paramref name="directory"/>; 0 when it has no room for the names of more files
    /// (out of inodes).</summary>
    long AvailableBytes(string directory);

    /// <summary>The size of the volume of <paramref name="directory"/>.</summary>
    long VolumeBytes(string directory) => long.MaxValue;

    /// <summary>Nothing is waited for any more when descriptors are short.</summary>
    void StopWaiting()
    {
    }

    /// <summary>Closes the directories that were kept open. They are opened anew when they are needed.</summary>
    void CloseDirectories()
    {
    }

    /// <summary>Holds a file exclusively until disposed.</summary>
    /// <exception cref="RaftKvStorageException"><see cref="RaftKvStorageError.Locked"/>: another holder is alive.</exception>
    IDisposable Lock(string path);
}
