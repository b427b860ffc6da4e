using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace RaftKv.Embedded.Storage;

/// <summary>
/// System calls for which .NET has no reliable wrapper: <c>FlushToDisk</c> reports success when fsync fails (.NET 10.0.12 on Linux).
/// </summary>
internal static partial class OsNative
{
    /// <summary>EACCES.</summary>
    public const int PermissionDenied = 13;

    /// <summary>EWOULDBLOCK: another process holds the lock.</summary>
    public static int WouldBlock => OperatingSystem.IsMacOS() ? 35 : 11;

    private const int Interrupted = 4;
    private const int CloseOnExecLinux = 0x80000;
    private const int CloseOnExecMac = 0x1000000;
    private const int FullSyncMac = 51;
    /// <summary>The size of the buffer for struct statvfs, in 64-bit numbers; larger than the struct.</summary>
    private const int FileSystemCounts = 32;

    /// <summary>
    /// Fewer free inodes than this count as none: a segment, a snapshot and a file of cold records may be created before the next check.
    /// </summary>
    private const ulong FewNames = 8;

    private const int LockExclusive = 2;
    private const int LockWithoutWaiting = 4;

    /// <summary>Makes the content of a file durable. Returns 0, or the error number.</summary>
    public static int SyncData(SafeFileHandle file)
    {
        if (OperatingSystem.IsWindows())
            return FlushFileBuffers(file) ? 0 : Marshal.GetLastPInvokeError();
        if (OperatingSystem.IsMacOS())
            return SyncDataMac(file);
        int result;
        do
        {
            if (FDataSync(file) == 0)
                return 0;
            result = Marshal.GetLastPInvokeError();
        }
        while (result == Interrupted);
        return result;
    }

    /// <summary>Makes the entries of a directory durable. Returns 0, or the error number. Not on Windows.</summary>
    public static int SyncDirectory(SafeFileHandle directory) => Retry(() => FSync(directory));

    /// <summary>
    /// Makes the entries of a directory durable. Returns 0, or the error number. Does nothing on Windows, which makes them durable by
    /// itself.
    /// </summary>
    public static int SyncDirectory(string path)
    {
        if (OperatingSystem.IsWindows())
            return 0;
        using var directory = OpenForReading(path);
        return directory.IsInvalid ? Marshal.GetLastPInvokeError() : Retry(() => FSync(directory));
    }

    /// <summary>Opens a directory, or a file without the shared lock that .NET takes on each file it opens. Not on Windows.</summary>
    public static SafeFileHandle OpenForReading(string path) =>
        new(Open(path, OperatingSystem.IsMacOS() ? CloseOnExecMac : CloseOnExecLinux), ownsHandle: true);

    /// <summary>
    /// Locks a file exclusively, without waiting. Returns 0, or the error number. The lock ends with the handle or the process.
    /// </summary>
    public static int TryLock(SafeFileHandle file) => Retry(() => FLock(file, LockExclusive | LockWithoutWaiting));

    /// <summary>
    /// Whether the file system has almost no free inodes. Known only on 64-bit Linux; <c>false</c> elsewhere, and on a file system that
    /// does not count inodes.
    /// </summary>
    public static unsafe bool IsOutOfNames(string directory)
    {
        if (!OperatingSystem.IsLinux() || !Environment.Is64BitProcess)
            return false;
        // struct statvfs of glibc and musl on 64 bits: block size, fragment size, then blocks, free, available, files, free, available.
        var counts = stackalloc ulong[FileSystemCounts];
        return StatFileSystem(directory, counts) == 0 && counts[5] > 0 && counts[7] < FewNames;
    }

    // On macOS fsync does not flush the drive's cache; only F_FULLFSYNC does, and not every file system supports it.
    private static int SyncDataMac(SafeFileHandle file) => Retry(() => FileControl(file, FullSyncMac)) == 0 ? 0 : Retry(() => FSync(file));

    private static int Retry(Func<int> call)
    {
        while (call() != 0)
        {
            var error = Marshal.GetLastPInvokeError();
            if (error != Interrupted)
                return error;
        }
        return 0;
    }

    [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    private static partial int FDataSync(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int FSync(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int FileControl(SafeFileHandle file, int command);

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    private static partial int FLock(SafeFileHandle file, int operation);

    [LibraryImport("libc", EntryPoint = "statvfs", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int StatFileSystem(string path, ulong* counts);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("kernel32", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool FlushFileBuffers(SafeFileHandle file);
}
