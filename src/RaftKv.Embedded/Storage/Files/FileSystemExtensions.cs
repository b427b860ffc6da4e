namespace RaftKv.Embedded.Storage;

/// <summary>Helper methods for <see cref="IFileSystem"/>.</summary>
internal static class FileSystemExtensions
{
    /// <summary>
    /// Deletes a file that a failed operation left. An error of the deletion is ignored: the caller reports the error of the operation, and
    /// a file that remains is overwritten later or deleted at the next start.
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
