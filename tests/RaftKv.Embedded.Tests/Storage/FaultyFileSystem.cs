using RaftKv.Embedded.Storage;

namespace RaftKv.Embedded.Tests.Storage;

/// <summary>
/// Wraps another file system. A test can make an operation fail or wait, and change the bytes that are read. Thread-safe.
/// </summary>
internal sealed class FaultyFileSystem(IFileSystem inner) : IFileSystem
{
    private long _freeBytes = -1;

    /// <summary>Called before each operation on a file, with its path; throws to make it fail.</summary>
    public Action<DeviceOperation, string>? Before { get; set; }

    /// <summary>Called after each read, with path, offset and bytes; may change the bytes.</summary>
    public Action<string, long, Span<byte>>? AfterRead { get; set; }

    /// <summary>The bytes that are reported as free; below zero, those that are really free.</summary>
    public long FreeBytes { set => Volatile.Write(ref _freeBytes, value); }

    public static RaftKvStorageException Error(RaftKvStorageError error, DeviceOperation operation, string path) =>
        new(error, $"Cannot {operation} {path}: injected.", new IOException("injected"));

    /// <summary>Makes an operation fail from its <paramref name="nth"/> call on (1 is the next).</summary>
    public void FailFrom(DeviceOperation operation, int nth, RaftKvStorageError error)
    {
        var left = nth;
        Before = (asked, path) =>
        {
            if (asked == operation && Interlocked.Decrement(ref left) <= 0)
                throw Error(error, asked, path);
        };
    }

    public void CreateDirectory(string path) => inner.CreateDirectory(path);

    public bool FileExists(string path) => inner.FileExists(path);

    public IReadOnlyList<string> ListFiles(string directory) => inner.ListFiles(directory);

    public IReadOnlyList<string> ListDirectories(string directory) => inner.ListDirectories(directory);

    public IStorageFile Open(string path, FileOpenMode mode)
    {
        if (mode is FileOpenMode.Create or FileOpenMode.CreateNew)
            Before?.Invoke(DeviceOperation.Create, path);
        return new File(this, path, inner.Open(path, mode));
    }

    public void Rename(string from, string to)
    {
        Before?.Invoke(DeviceOperation.Rename, to);
        inner.Rename(from, to);
    }

    public void Delete(string path)
    {
        Before?.Invoke(DeviceOperation.Delete, path);
        inner.Delete(path);
    }

    public void DeleteDirectoryIfEmpty(string path) => inner.DeleteDirectoryIfEmpty(path);

    public void SyncDirectory(string path)
    {
        Before?.Invoke(DeviceOperation.SyncDirectory, path);
        inner.SyncDirectory(path);
    }

    public long AvailableBytes(string directory) => Volatile.Read(ref _freeBytes) is var free and >= 0 ? free : inner.AvailableBytes(directory);

    public IDisposable Lock(string path) => inner.Lock(path);

    private sealed class File(FaultyFileSystem disk, string path, IStorageFile file) : IStorageFile
    {
        public long Length => file.Length;

        public int Read(long offset, Span<byte> buffer)
        {
            disk.Before?.Invoke(DeviceOperation.Read, path);
            var read = file.Read(offset, buffer);
            disk.AfterRead?.Invoke(path, offset, buffer[..read]);
            return read;
        }

        public void Write(long offset, ReadOnlySpan<byte> bytes)
        {
            disk.Before?.Invoke(DeviceOperation.Write, path);
            file.Write(offset, bytes);
        }

        public void Sync()
        {
            disk.Before?.Invoke(DeviceOperation.Sync, path);
            file.Sync();
        }

        public void Dispose() => file.Dispose();
    }
}
