namespace RaftKv.Embedded.Storage;

/// <summary>
/// The operations on the disk that can fail: writes, syncs, renames. All durable data goes through this interface, so that tests can tear,
/// lose and refuse writes. Every failure is a <see cref="RaftKvStorageException"/>. After a failed write or sync, the content of the file
/// on the disk is unknown.
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

    /// <summary>
    /// Renames a file; atomically replaces <paramref name="to"/> if it exists. Durable after <see cref="SyncDirectory"/>.
    /// </summary>
    void Rename(string from, string to);

    /// <summary>Removes a file if it exists. Durable after <see cref="SyncDirectory"/>.</summary>
    void Delete(string path);

    /// <summary>Removes a directory if it exists and has no entries.</summary>
    void DeleteDirectoryIfEmpty(string path);

    /// <summary>Makes the created, renamed and deleted entries of a directory durable.</summary>
    void SyncDirectory(string path);

    /// <summary>Bytes free for this user on the volume of <paramref name="directory"/>; 0 when the volume is out of inodes.</summary>
    long AvailableBytes(string directory);

    /// <summary>The size of the volume of <paramref name="directory"/>, in bytes.</summary>
    long VolumeBytes(string directory) => long.MaxValue;

    /// <summary>Ends waits for scarce resources, such as file descriptors: from now on a shortage fails the operation at once.</summary>
    void StopWaiting()
    {
    }

    /// <summary>
    /// Closes the directory handles that are kept open for <see cref="SyncDirectory"/>, which opens them again when needed.
    /// </summary>
    void CloseDirectories()
    {
    }

    /// <summary>Locks a file exclusively until the result is disposed.</summary>
    /// <exception cref="RaftKvStorageException"><see cref="RaftKvStorageError.Locked"/>: another holder is alive.</exception>
    IDisposable Lock(string path);
}
