using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Storage;

/// <summary>Files in the memory of this process: nothing outlives it, and syncs cost nothing. Thread-safe.</summary>
/// <param name="capacityBytes">The most bytes that all files may have together. Growth beyond it fails as on a full disk.</param>
internal sealed class InMemoryFileSystem(long capacityBytes = long.MaxValue) : IFileSystem
{
    private readonly Lock _gate = new();
    private readonly InMemoryRoom _room = new(capacityBytes);
    private readonly Dictionary<string, InMemoryFile> _files = [];
    private readonly HashSet<string> _directories = [];
    private readonly HashSet<string> _locks = [];

    /// <summary>The bytes of all files, including deleted ones that are still open. Their content takes at most this much memory.</summary>
    public long UsedBytes => _room.UsedBytes;

    public void CreateDirectory(string path)
    {
        lock (_gate)
        {
            for (var at = path; !string.IsNullOrEmpty(at); at = Path.GetDirectoryName(at))
                _directories.Add(at);
        }
    }

    public bool FileExists(string path)
    {
        lock (_gate)
            return _files.ContainsKey(path);
    }

    public IReadOnlyList<string> ListFiles(string directory)
    {
        lock (_gate)
            return NamesIn(directory, _files.Keys);
    }

    public IReadOnlyList<string> ListDirectories(string directory)
    {
        lock (_gate)
            return NamesIn(directory, _directories);
    }

    public IStorageFile Open(string path, FileOpenMode mode)
    {
        lock (_gate)
        {
            var exists = _files.TryGetValue(path, out var file);
            if (mode is FileOpenMode.Read or FileOpenMode.ReadWrite)
                return exists ? new InMemoryHandle(file!, path)
                    : throw OsErrors.From(new FileNotFoundException("There is no such file."), "open", path);
            if (exists && mode == FileOpenMode.CreateNew)
                throw OsErrors.From(new IOException("The file exists."), "create", path);
            var created = new InMemoryFile(_room);
            Put(path, created);
            return new InMemoryHandle(created, path);
        }
    }

    public void Rename(string from, string to)
    {
        lock (_gate)
        {
            if (!_files.Remove(from, out var file))
                throw OsErrors.From(new FileNotFoundException("There is no such file."), "rename a file to", to);
            Put(to, file);
        }
    }

    public void Delete(string path)
    {
        lock (_gate)
        {
            if (_files.Remove(path, out var file))
                file.Release();
        }
    }

    public void DeleteDirectoryIfEmpty(string path)
    {
        lock (_gate)
        {
            if (NamesIn(path, _files.Keys).Count + NamesIn(path, _directories).Count == 0)
                _directories.Remove(path);
        }
    }

    public void SyncDirectory(string path)
    {
    }

    public long AvailableBytes(string directory) =>
        capacityBytes == long.MaxValue ? long.MaxValue : Math.Max(0, capacityBytes - _room.UsedBytes);

    public long VolumeBytes(string directory) => capacityBytes;

    public IDisposable Lock(string path)
    {
        lock (_gate)
        {
            if (!_locks.Add(path))
                throw new RaftKvStorageException(RaftKvStorageError.Locked,
                    $"The directory {Path.GetDirectoryName(path)} in memory is in use by another replica. Stop that one first.");
            return new HeldLock(this, path);
        }
    }

    /// <summary>Assigns the name to a file. A file that had the name before is deleted.</summary>
    private void Put(string path, InMemoryFile file)
    {
        if (_files.Remove(path, out var replaced))
            replaced.Release();
        _files[path] = file;
    }

    private static List<string> NamesIn(string directory, IEnumerable<string> paths)
    {
        var names = paths.Where(p => Path.GetDirectoryName(p) == directory).Select(p => Path.GetFileName(p)).ToList();
        names.Sort(StringComparer.Ordinal);
        return names;
    }

    private sealed class HeldLock(InMemoryFileSystem files, string path) : IDisposable
    {
        public void Dispose()
        {
            lock (files._gate)
                files._locks.Remove(path);
        }
    }
}
