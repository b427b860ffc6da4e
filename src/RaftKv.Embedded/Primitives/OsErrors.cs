using System.ComponentModel;
using RaftKv.Embedded.Storage;

namespace RaftKv.Embedded.Primitives;

/// <summary>Converts errors of the operating system into errors with advice for the user.</summary>
internal static class OsErrors
{
    private const int NotPermitted = 1;
    private const int AlreadyExists = 17;
    private const int NotADirectory = 20;
    private const int NoSpaceLeft = 28;
    private const int ReadOnlyFileSystem = 30;
    private const int QuotaExceededMac = 69;
    private const int QuotaExceededLinux = 122;
    private const int DiskFullWindows = 112;
    private const int DiskFullHResult = unchecked((int)0x80070070);
    private const int HandleDiskFullHResult = unchecked((int)0x80070027);

    /// <param name="doing">The operation that failed, as in "Cannot {doing} {path}".</param>
    public static RaftKvStorageException From(Exception cause, string doing, string path)
    {
        var error = cause switch
        {
            UnauthorizedAccessException => RaftKvStorageError.NotWritable,
            Win32Exception e => Classify(e.NativeErrorCode),
            _ => Classify(cause.HResult),
        };
        var advice = error switch
        {
            RaftKvStorageError.DiskFull => "The disk, or this user's quota, is full: free some space, then start the node again.",
            RaftKvStorageError.NotWritable =>
                "This user may not write there, the file system is read-only, or a file stands where a directory is wanted: "
                    + "correct that, then start the node again.",
            _ when ResourceRetry.IsTransient(cause) =>
                "This process, or the machine, ran out of file descriptors or memory, and nothing was free for a "
                    + "while: raise the limit (ulimit -n), then start the node again.",
            _ => "Check the disk; when it is healthy, start the node again.",
        };
        // The class library repeats the path after the error.
        var what = cause.Message.Replace($" : '{path}'", "", StringComparison.Ordinal).TrimEnd('.');
        return new RaftKvStorageException(error, $"Cannot {doing} {path}: {what}. {advice}", cause);
    }

    public static RaftKvStorageException From(int errorNumber, string doing, string path) =>
        From(new Win32Exception(errorNumber), doing, path);

    /// <summary>Whether an exception of the class library is an error of the file system, and not a bug.</summary>
    public static bool IsExpected(Exception e) => e is IOException or UnauthorizedAccessException or System.Security.SecurityException;

    private static RaftKvStorageError Classify(int error) => error switch
    {
        DiskFullHResult or HandleDiskFullHResult => RaftKvStorageError.DiskFull,
        DiskFullWindows when OperatingSystem.IsWindows() => RaftKvStorageError.DiskFull,
        _ when OperatingSystem.IsWindows() => RaftKvStorageError.Io,
        NoSpaceLeft => RaftKvStorageError.DiskFull,
        QuotaExceededLinux when OperatingSystem.IsLinux() => RaftKvStorageError.DiskFull,
        QuotaExceededMac when OperatingSystem.IsMacOS() => RaftKvStorageError.DiskFull,
        ReadOnlyFileSystem or OsNative.PermissionDenied or NotPermitted or AlreadyExists or NotADirectory => RaftKvStorageError.NotWritable,
        _ => RaftKvStorageError.Io,
    };
}
