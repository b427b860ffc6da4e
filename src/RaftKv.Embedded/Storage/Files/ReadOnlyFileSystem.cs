namespace RaftKv.Embedded.Storage;

/// <summary>
/// A read-only view of another file system: writes are dropped, and files that are deleted or renamed are hidden. This is enough to open a
/// log, whose repair writes only zeros and bytes that it has read. It is not enough for code that reads back what it wrote.
/// </summary>
internal sealed class ReadOnlyFileSystem(IFileSystem inner) : IFileSystem
{
    private readonly HashSet<string> _gone = [];

    public void CreateDirectory(string path)
    {
    }

    public bool FileExists(string path) => !_gone.Contains(path) && inner.FileExists(path);

    public IReadOnlyList<string> ListFiles(string directory) =>
        [.. inner.ListFiles(directory).Where(name => !_gone.Contains(Path.Combine(directory, name)))];

    public IReadOnlyList<string> ListDirectories(string directory) => inner.ListDirectories(directory);

    public IStorageFile Open(string path, FileOpenMode mode) =>
        mode is FileOpenMode.Read or FileOpenMode.ReadWrite ? new UnchangedFile(inner.Open(path, FileOpenMode.Read))
            : new UnchangedFile(null);

    public void Rename(string from, string to) => _gone.Add(from);

    public void Delete(string path) => _gone.Add(path);

    public void DeleteDirectoryIfEmpty(string path)
    {
    }

    public void SyncDirectory(string path)
    {
    }

    public long AvailableBytes(string directory) => inner.AvailableBytes(directory);

    /// <summary>Takes the lock of the other file system: no node may run on the directory while it is read.</summary>
    public IDisposable Lock(string path) => inner.Lock(path);

    private sealed class UnchangedFile(IStorageFile? inner) : IStorageFile
    {
        private long _pretended;

        public long Length => Math.Max(_pretended, inner?.Length ?? 0);

        public int Read(long offset, Span<byte> buffer) => inner?.Read(offset, buffer) ?? 0;

        public void Write(long offset, ReadOnlySpan<byte> bytes) => _pretended = Math.Max(_pretended, offset + bytes.Length);

        public void Sync()
        {
        }

        public void Dispose() => inner?.Dispose();
    }
}
