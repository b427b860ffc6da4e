namespace RaftKv.Embedded.Storage;

/// <summary>What follows from the operations of a file system.</summary>
internal static class FileSystemExtensions
{
    /// <summary>
    /// Deletes what a failed operation left. That operation's error is the one to report: a file that stays is made anew, or deleted at the
    /// next start.
    /// </summary>
    public static void DeleteQuietly(this IFileSystem files, string path)
    {
        try
        {
            files.Delete(path);
        }
        catch (RaftKvStorageException)
        {
            // The caller reports the error that came first.
        }
    }
}
