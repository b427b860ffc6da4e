using System.Globalization;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace RaftKv.Embedded.Storage;

/// <summary>The file system of the operating system. Thread-safe.</summary>
/// <param name="sync"><c>false</c> leaves what is written in the page cache (<see cref="RaftKvDurability.OsBuffered"/>).</param>
internal sealed class OsFileSystem(bool sync = true) : IFileSystem
{
    private const FileShare Unlocked = FileShare.ReadWrite | FileShare.Delete;

    public void CreateDirectory(string path)
    {
        path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        var parent = Path.GetDirectoryName(path);
        if (Directory.Exists(path))
        {
            // A process may have died between creating it and making its entry durable. The parent of an old directory need not be ours to read.
            if (parent is not null && sync && OsNative.SyncDirectory(parent) is var error and not 0 and not OsNative.PermissionDenied)
                throw OsErrors.From(error, "make durable (fsync)", parent);
            return;
        }
        if (parent is not null && !Directory.Exists(parent))
            CreateDirectory(parent);
        Guard("create the directory", path, static path => Directory.CreateDirectory(path));
        if (parent is not null)
            SyncDirectory(parent);
    }

    public bool FileExists(string path) => File.Exists(path);

    public IReadOnlyList<string> ListFiles(string directory)
    {
        if (!Directory.Exists(directory))
            return [];
        return Guard("list", directory, static directory =>
        {
            var names = Directory.GetFiles(directory).Select(f => Path.GetFileName(f)).ToArray();
            Array.Sort(names, StringComparer.Ordinal);
            return names;
        });
    }

    public IStorageFile Open(string path, FileOpenMode mode) => new OsFile(path, OpenHandle(path, mode switch
    {
        FileOpenMode.CreateNew => FileMode.CreateNew,
        FileOpenMode.Create => FileMode.Create,
        _ => FileMode.Open,
    }, mode == FileOpenMode.Read ? FileAccess.Read : FileAccess.ReadWrite), sync);

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

    public void SyncDirectory(string path)
    {
        if (!sync)
            return;
        var error = OsNative.SyncDirectory(path);
        if (error != 0)
            throw OsErrors.From(error, "make durable (fsync)", path);
    }

    public long AvailableBytes(string directory) =>
        Guard("ask for the free space of", Path.GetFullPath(directory), static directory => new DriveInfo(directory).AvailableFreeSpace);

    public IDisposable Lock(string path)
    {
        SafeFileHandle handle;
        try
        {
            // On Windows the share mode is the lock, and lets others read who holds it.
            handle = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, OperatingSystem.IsWindows() ? FileShare.Read : FileShare.None);
        }
        catch (IOException e) when (OperatingSystem.IsWindows() ? File.Exists(path) : e.HResult == OsNative.WouldBlock)
        {
            throw Locked(path);
        }
        catch (Exception e) when (OsErrors.IsExpected(e))
        {
            throw OsErrors.From(e, "lock", path);
        }

        // .NET has locked it by now, unless a switch of the host says that it shall not lock files.
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

    private static RaftKvStorageException Locked(string path)
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
            // Who holds it is a courtesy; that it is held is certain.
        }
        return new RaftKvStorageException(RaftKvStorageError.Locked,
            $"The data directory {Path.GetDirectoryName(path)} is in use by {holder}. Every replica needs a data directory of its own: stop the other one, or configure another directory.");
    }

    private static SafeFileHandle OpenHandle(string path, FileMode mode, FileAccess access)
    {
        try
        {
            return File.OpenHandle(path, mode, access, Unlocked);
        }
        catch (Exception e) when (OsErrors.IsExpected(e))
        {
            throw OsErrors.From(e, mode == FileMode.Open ? "open" : "create", path);
        }
    }

    private static T Guard<T>(string doing, string path, Func<string, T> act)
    {
        try
        {
            return act(path);
        }
        catch (Exception e) when (OsErrors.IsExpected(e))
        {
            throw OsErrors.From(e, doing, path);
        }
    }
}
