namespace RaftKv.Embedded.Storage;

/// <summary>What follows from the operations of a file system.</summary>
internal static class FileSystemExtensions
{
    /// <summary>Deletes what a failed operation left. The failure that led here is the one to report; the next start deletes leftovers.</summary>
    public static void DeleteQuietly(this IFileSystem files, string path)
    {
        try
        {
            files.Delete(path);
        }
        catch (RaftKvStorageException)
        {
            // See above.
        }
    }
}
