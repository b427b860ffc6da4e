using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Microsoft.Win32.SafeHandles;
using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Storage;

/// <summary>The file system of the operating system. Thread-safe.</summary>
/// <param name="sync"><c>false</c>: written data stays in the page cache (<see cref="RaftKvDurability.OsBuffered"/>).</param>
internal sealed class OsFileSystem(bool sync = true) : IFileSystem
{
    private const FileShare Unlocked = FileShare.ReadWrite | FileShare.Delete;

    /// <summary>Handles of directories, kept open after the first sync: a later sync must not need a free file descriptor.</summary>
    private readonly ConcurrentDictionary<string, SafeFileHandle> _directories = new();
    private readonly ResourceRetry _retry = new();

    public void CreateDirectory(string path)
    {
        path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        var parent = Path.GetDirectoryName(path);
        if (Directory.Exists(path))
        {
            // A process may have died after it created the directory and before it made the entry durable. Permission denied is no error:
            // this process may lack the right to read the parent of an existing directory.
            if (parent is not null && sync && OsNative.SyncDirectory(parent) is var error and not 0 and not OsNative.PermissionDenied)
                throw OsErrors.From(error, "make durable (fsync)", parent);
            return;
        }
        if (parent is not null && !Directory.Exists(parent))
            CreateDirectory(parent);
        CloseDirectory(path);
        Guard("create the directory", path, static path => Directory.CreateDirectory(path));
        if (parent is not null)
            SyncDirectory(parent);
    }

    public bool FileExists(string path) => File.Exists(path);

    public IReadOnlyList<string> ListFiles(string directory) => List(directory, Directory.GetFiles);

    public IReadOnlyList<string> ListDirectories(string directory) => List(directory, Directory.GetDirectories);

    public IStorageFile Open(string path, FileOpenMode mode) => new OsFile(path, OpenHandle(path, mode switch
    {
        FileOpenMode.CreateNew => FileMode.CreateNew,
        FileOpenMode.Create => FileMode.Create,
        _ => FileMode.Open,
    }, mode == FileOpenMode.Read ? FileAccess.Read : FileAccess.ReadWrite), sync, _retry);

    public void Rename(string from, string to) => Guard("rename a file to", to, to =>
    {
        File.Move(from, to, overwrite: true);
        return true;
    });

    public void Delete(string path) => Guard("delete", path, static path =>
    {
        if (File.Exists(path))
            File.Delete(path);
        return true;
    });

    public void DeleteDirectoryIfEmpty(string path) => Guard("delete", path, static path =>
    {
        if (Directory.Exists(path) && !Directory.EnumerateFileSystemEntries(path).Any())
            Directory.Delete(path);
        return true;
    });

    public void SyncDirectory(string path)
    {
        if (!sync || OperatingSystem.IsWindows())
            return;
        var error = OsNative.SyncDirectory(_directories.GetOrAdd(path, OpenDirectory));
        if (error != 0)
            throw OsErrors.From(error, "make durable (fsync)", path);
    }

    /// <summary>Ends waits for scarce resources, such as file descriptors: from now on a shortage fails the operation at once.</summary>
    public void StopWaiting() => _retry.Stop();

    /// <summary>
    /// Closes the directory handles that are kept open for <see cref="SyncDirectory"/>, which opens them again when needed.
    /// </summary>
    public void CloseDirectories()
    {
        foreach (var path in _directories.Keys)
            CloseDirectory(path);
    }

    public long AvailableBytes(string directory) =>
        Guard("ask for the free space of", Path.GetFullPath(directory),
            static directory => OsNative.IsOutOfNames(directory) ? 0 : new DriveInfo(directory).AvailableFreeSpace);

    public long VolumeBytes(string directory) =>
        Guard("ask for the size of the volume of", Path.GetFullPath(directory), static directory => new DriveInfo(directory).TotalSize);

    public IDisposable Lock(string path)
    {
        SafeFileHandle handle;
        try
        {
            // On Windows the share mode is the lock. It allows other processes to read the process id in the file.
            var share = OperatingSystem.IsWindows() ? FileShare.Read : FileShare.None;
            handle = _retry.Run(() => File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, share));
        }
        catch (IOException e) when (OperatingSystem.IsWindows() ? File.Exists(path) : e.HResult == OsNative.WouldBlock)
        {
            throw Locked(path);
        }
        catch (Exception e) when (OsErrors.IsExpected(e))
        {
            throw OsErrors.From(e, "lock", path);
        }

        // .NET has locked the file already, unless the host switched off file locking (System.IO.DisableFileLocking).
        if (!OperatingSystem.IsWindows() && OsNative.TryLock(handle) is var error and not 0)
        {
            handle.Dispose();
            throw error == OsNative.WouldBlock ? Locked(path) : OsErrors.From(error, "lock", path);
        }
        try
        {
            var text = Encoding.UTF8.GetBytes(Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
            RandomAccess.SetLength(handle, 0);
            RandomAccess.Write(handle, text, 0);
        }
        catch (Exception e) when (OsErrors.IsExpected(e))
        {
            handle.Dispose();
            throw OsErrors.From(e, "write", path);
        }
        return handle;
    }

    private void CloseDirectory(string path)
    {
        if (_directories.TryRemove(path, out var handle))
            handle.Dispose();
    }

    private SafeFileHandle OpenDirectory(string path) => _retry.Run(() =>
    {
        var handle = OsNative.OpenForReading(path);
        if (!handle.IsInvalid)
            return handle;
        var error = System.Runtime.InteropServices.Marshal.GetLastPInvokeError();
        handle.Dispose();
        throw OsErrors.From(error, "open", path);
    });

    private string[] List(string directory, Func<string, string[]> list)
    {
        if (!Directory.Exists(directory))
            return [];
        return Guard("list", directory, directory =>
        {
            var names = list(directory).Select(f => Path.GetFileName(f)).ToArray();
            Array.Sort(names, StringComparer.Ordinal);
            return names;
        });
    }

    private RaftKvStorageException Locked(string path)
    {
        var holder = "another process";
        try
        {
            using var file = OperatingSystem.IsWindows() ? OpenHandle(path, FileMode.Open, FileAccess.Read) : OsNative.OpenForReading(path);
            Span<byte> text = stackalloc byte[32];
            if (int.TryParse(text[..RandomAccess.Read(file, text, 0)], NumberStyles.None, CultureInfo.InvariantCulture, out var id))
                holder = id == Environment.ProcessId ? "another replica in this process" : $"process {id}";
        }
        catch (Exception e) when (e is RaftKvStorageException or ArgumentException || OsErrors.IsExpected(e))
        {
            // The name of the holder is optional in the message. That the file is locked is certain.
        }
        return new RaftKvStorageException(RaftKvStorageError.Locked,
            $"The data directory {Path.GetDirectoryName(path)} is in use by {holder}. Every replica needs a data directory of its "
                + "own: stop the other one, or configure another directory.");
    }

    private SafeFileHandle OpenHandle(string path, FileMode mode, FileAccess access) =>
        Guard(mode == FileMode.Open ? "open" : "create", path, path => File.OpenHandle(path, mode, access, Unlocked));

    private T Guard<T>(string doing, string path, Func<string, T> act)
    {
        try
        {
            return _retry.Run(() => act(path));
        }
        catch (Exception e) when (OsErrors.IsExpected(e))
        {
            throw OsErrors.From(e, doing, path);
        }
    }
}
