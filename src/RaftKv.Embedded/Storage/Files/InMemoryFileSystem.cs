using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Storage;

/// <summary>Files in the memory of this process: nothing outlives it, and syncs cost nothing. Thread-safe.</summary>
internal sealed class InMemoryFileSystem : IFileSystem
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, InMemoryFile> _files = [];
    private readonly HashSet<string> _directories = [];
    private readonly HashSet<string> _locks = [];

    /// <summary>What all files take in memory.</summary>
    public long UsedBytes
    {
        get
        {
            lock (_gate)
                return _files.Values.Sum(f => f.MemoryBytes);
        }
    }

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
                return exists ? file! : throw OsErrors.From(new FileNotFoundException("There is no such file."), "open", path);
            if (exists && mode == FileOpenMode.CreateNew)
                throw OsErrors.From(new IOException("The file exists."), "create", path);
            return _files[path] = new InMemoryFile();
        }
    }

    public void Rename(string from, string to)
    {
        lock (_gate)
        {
            if (!_files.Remove(from, out var file))
                throw OsErrors.From(new FileNotFoundException("There is no such file."), "rename a file to", to);
            _files[to] = file;
        }
    }

    public void Delete(string path)
    {
        lock (_gate)
            _files.Remove(path);
    }

    public void SyncDirectory(string path)
    {
    }

    public long AvailableBytes(string directory) => long.MaxValue;

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
