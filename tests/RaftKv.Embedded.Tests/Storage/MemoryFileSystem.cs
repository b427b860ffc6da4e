using RaftKv.Embedded.Primitives;
using RaftKv.Embedded.Storage;

namespace RaftKv.Embedded.Tests.Storage;

/// <summary>
/// A disk in memory that loses what was not synced, tears writes, and fails on demand. As on a real disk, the content of a file and its
/// directory entry become durable separately. Thread-safe; deterministic when used by one thread.
/// </summary>
internal sealed class MemoryFileSystem : IFileSystem
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, MemoryFile> _names = [];
    private readonly Dictionary<string, MemoryFile> _durableNames = [];
    private readonly List<(string Directory, string? Gone, string? New, MemoryFile? File)> _unsyncedNames = [];
    private readonly HashSet<string> _directories = [];
    private readonly HashSet<string> _locks = [];
    private (DeviceOperation Operation, int After, RaftKvStorageError Error)? _fault;
    private long _cutAt = long.MaxValue;
    private int _epoch;

    /// <summary>The number of operations that the disk was asked for.</summary>
    public long Operations { get; private set; }

    /// <summary>The most bytes that are reported as free, whatever the capacity is.</summary>
    public long FreeBytes { get; set; } = long.MaxValue;

    /// <summary>The most bytes that all files together may have. A write beyond it is refused and changes nothing.</summary>
    public long Capacity { get; set; } = long.MaxValue;

    /// <summary>The <paramref name="nth"/> operation of a kind (1 is the next) fails, and so does every later one on that file.</summary>
    public void FailAt(DeviceOperation operation, int nth, RaftKvStorageError error = RaftKvStorageError.Io)
    {
        lock (_gate)
            _fault = (operation, nth, error);
    }

    /// <summary>
    /// The power is cut during operation number <paramref name="operation"/> (see <see cref="Operations"/>, 1 is the first).
    /// </summary>
    public void CutPowerAt(long operation) => _cutAt = operation;

    /// <summary>The power is cut and returns: chance decides which of the unsynced sectors and names survive.</summary>
    public void Crash(Prng chance) => Crash(() => chance.Below(2) == 0, chance);

    /// <summary>As <see cref="Crash(Prng)"/>, but nothing that was not synced survives.</summary>
    public void CrashLosingAll() => Crash(() => false, null);

    /// <summary>As <see cref="Crash(Prng)"/>, but everything survives, because the disk had written it without a sync.</summary>
    public void CrashKeepingAll() => Crash(() => true, null);

    /// <summary>Only the process dies: the page cache stays as it is, including what a failed sync left there.</summary>
    public void KillProcess()
    {
        lock (_gate)
        {
            Revive();
            foreach (var file in _names.Values)
                file.IsBroken = false;
        }
    }

    /// <summary>A copy of the durable bytes, as an image of the volume has them.</summary>
    public MemoryFileSystem Image()
    {
        var image = new MemoryFileSystem();
        lock (_gate)
        {
            foreach (var (path, file) in _durableNames)
                image.Replace(path, file.Durable);
            image._directories.UnionWith(_directories);
        }
        return image;
    }

    /// <summary>All files, by name.</summary>
    public IReadOnlyList<MemoryFile> Files
    {
        get
        {
            lock (_gate)
                return [.. _names.OrderBy(n => n.Key, StringComparer.Ordinal).Select(n => n.Value)];
        }
    }

    /// <summary>A file, for a test that inspects or damages it.</summary>
    public MemoryFile File(string path)
    {
        lock (_gate)
            return _names[path];
    }

    public byte[] Read(string path)
    {
        lock (_gate)
            return _names[path].Bytes.ToArray();
    }

    /// <summary>Replaces the content of a file, durably.</summary>
    public void Replace(string path, ReadOnlySpan<byte> bytes)
    {
        var file = new MemoryFile(path);
        file.Write(0, bytes);
        file.Sync();
        lock (_gate)
            _names[path] = _durableNames[path] = file;
    }

    /// <summary>Removes a file durably, as a careless operator does.</summary>
    public void Lose(string path)
    {
        lock (_gate)
        {
            _names.Remove(path);
            _durableNames.Remove(path);
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
            return _names.ContainsKey(path);
    }

    public IReadOnlyList<string> ListFiles(string directory)
    {
        lock (_gate)
            return [.. _names.Keys.Where(p => Path.GetDirectoryName(p) == directory).Select(p => Path.GetFileName(p)!).Order(StringComparer.Ordinal)];
    }

    public IReadOnlyList<string> ListDirectories(string directory)
    {
        lock (_gate)
            return [.. _directories.Where(p => Path.GetDirectoryName(p) == directory).Select(p => Path.GetFileName(p)!).Order(StringComparer.Ordinal)];
    }

    public IStorageFile Open(string path, FileOpenMode mode)
    {
        lock (_gate)
        {
            var exists = _names.TryGetValue(path, out var file);
            if (mode is FileOpenMode.Read or FileOpenMode.ReadWrite)
                return exists ? new Handle(this, file!) : throw Error(RaftKvStorageError.Io, $"open {path}: no such file");
            if (!_directories.Contains(Path.GetDirectoryName(path)!))
                throw Error(RaftKvStorageError.Io, $"create {path}: no such directory");
            if (exists && mode == FileOpenMode.CreateNew)
                throw Error(RaftKvStorageError.Io, $"create {path}: it exists");
            // Emptying a file is modelled as a new one under the name.
            Operate(DeviceOperation.Create, null, () => Rename(null, path, file = new MemoryFile(path)));
            return new Handle(this, file!);
        }
    }

    public void Rename(string from, string to)
    {
        lock (_gate)
        {
            if (!_names.TryGetValue(from, out var file))
                throw Error(RaftKvStorageError.Io, $"rename {from}: no such file");
            Operate(DeviceOperation.Rename, null, () => Rename(from, to, file));
        }
    }

    public void Delete(string path)
    {
        lock (_gate)
        {
            if (_names.ContainsKey(path))
                Operate(DeviceOperation.Delete, null, () => Rename(path, null, null));
        }
    }

    /// <summary>Does nothing, because no test depends on the names of directories.</summary>
    public void DeleteDirectoryIfEmpty(string path)
    {
    }

    public void SyncDirectory(string path)
    {
        lock (_gate)
        {
            var cut = WillCut();
            Operate(DeviceOperation.SyncDirectory, null, () =>
            {
                foreach (var change in _unsyncedNames.Where(c => !cut && c.Directory == path))
                    Keep(change);
                _unsyncedNames.RemoveAll(c => !cut && c.Directory == path);
            });
        }
    }

    public long AvailableBytes(string directory)
    {
        lock (_gate)
            return Available();
    }

    public long VolumeBytes(string directory) => Capacity;

    private long Available() => Math.Min(FreeBytes, Left());

    private long Left() => Capacity == long.MaxValue ? long.MaxValue : Math.Max(0, Capacity - _names.Values.Sum(f => (long)f.Length));

    public IDisposable Lock(string path)
    {
        lock (_gate)
        {
            if (!_locks.Add(path))
                throw new RaftKvStorageException(RaftKvStorageError.Locked, $"The data directory {Path.GetDirectoryName(path)} is in use.");
            return new Held(this, path, _epoch);
        }
    }

    private void Crash(Func<bool> keeps, Prng? tears)
    {
        lock (_gate)
        {
            // A file that was created and deleted since the last sync of the directory may be there again.
            var unsynced = _unsyncedNames.Select(c => c.File).OfType<MemoryFile>();
            foreach (var file in _names.Values.Concat(_durableNames.Values).Concat(unsynced).Distinct().OrderBy(f => f.Path, StringComparer.Ordinal))
                file.Crash(keeps, tears);
            foreach (var change in _unsyncedNames)
            {
                if (keeps() && (change.Gone is null || change.New is null || _durableNames.GetValueOrDefault(change.Gone) == change.File))
                    Keep(change);
            }
            _unsyncedNames.Clear();
            _names.Clear();
            foreach (var (path, file) in _durableNames)
                _names.Add(path, file);
            Revive();
        }
    }

    private void Revive()
    {
        _epoch++;
        _locks.Clear();
        _fault = null;
        _cutAt = long.MaxValue;
    }

    private void Rename(string? gone, string? created, MemoryFile? file)
    {
        if (gone is not null)
            _names.Remove(gone);
        if (created is not null)
            _names[created] = file!;
        _unsyncedNames.Add((Path.GetDirectoryName(gone ?? created)!, gone, created, file));
    }

    private void Keep((string Directory, string? Gone, string? New, MemoryFile? File) change)
    {
        if (change.Gone is not null)
            _durableNames.Remove(change.Gone);
        if (change.New is not null)
            _durableNames[change.New] = change.File!;
    }

    private bool WillCut() => Operations + 1 >= _cutAt;

    // In the operation of a power cut, a write has reached the cache, and a sync has not finished. Crash decides what survives.
    private void Operate(DeviceOperation operation, MemoryFile? file, Action act)
    {
        if (Operations >= _cutAt)
            throw new PowerCutException();
        Operations++;
        if (file is { IsBroken: true })
            throw Error(RaftKvStorageError.Io, $"{operation} {file.Path}: the file failed before");
        if (_fault is { } fault && fault.Operation == operation)
        {
            _fault = fault with { After = fault.After - 1 };
            if (fault.After == 1)
            {
                _fault = null;
                if (file is not null)
                    file.IsBroken = true;
                if (operation == DeviceOperation.Sync)
                    file!.Forget();
                throw Error(fault.Error, $"{operation} {file?.Path}: injected");
            }
        }
        act();
        if (Operations >= _cutAt)
            throw new PowerCutException();
    }

    private static RaftKvStorageException Error(RaftKvStorageError error, string what) => new(error, $"Cannot {what}.", new IOException(what));

    private sealed class Handle(MemoryFileSystem disk, MemoryFile file) : IStorageFile
    {
        private readonly int _epoch = disk._epoch;

        public long Length
        {
            get
            {
                lock (disk._gate)
                    return file.Length;
            }
        }

        public int Read(long offset, Span<byte> buffer)
        {
            lock (disk._gate)
            {
                MustLive();
                var rest = offset >= file.Length ? [] : file.Bytes[(int)offset..];
                rest = rest[..Math.Min(rest.Length, buffer.Length)];
                rest.CopyTo(buffer);
                return rest.Length;
            }
        }

        public void Write(long offset, ReadOnlySpan<byte> bytes)
        {
            var copy = bytes.ToArray();
            lock (disk._gate)
            {
                MustLive();
                if (Math.Max(0, offset + copy.Length - file.Length) is var more and > 0 && more > disk.Left())
                    throw Error(RaftKvStorageError.DiskFull, $"write {file.Path}: no room");
                disk.Operate(DeviceOperation.Write, file, () => file.Write(offset, copy));
            }
        }

        public void Sync()
        {
            lock (disk._gate)
            {
                MustLive();
                var cut = disk.WillCut();
                disk.Operate(DeviceOperation.Sync, file, () =>
                {
                    if (!cut)
                        file.Sync();
                });
            }
        }

        public void Dispose()
        {
        }

        private void MustLive()
        {
            if (_epoch != disk._epoch)
                throw new PowerCutException();
        }
    }

    private sealed class Held(MemoryFileSystem disk, string path, int epoch) : IDisposable
    {
        public void Dispose()
        {
            lock (disk._gate)
            {
                if (epoch == disk._epoch)
                    disk._locks.Remove(path);
            }
        }
    }
}
