using RaftKv.Embedded.Storage;

namespace RaftKv.Embedded.Testing;

/// <summary>A disk in memory that survives its process, is full or slow when a test says so, and can be replaced by an empty one.</summary>
internal sealed class TestDisk : IFileSystem
{
    private const long Volume = 64L * 1024 * 1024 * 1024;

    private volatile InMemoryFileSystem _files = new();
    private long _syncTicks;

    /// <summary>While it is set, no byte is free.</summary>
    public bool IsFull { get; set; }

    /// <summary>How long a sync takes.</summary>
    public TimeSpan SyncTime
    {
        get => TimeSpan.FromTicks(Volatile.Read(ref _syncTicks));
        set => Volatile.Write(ref _syncTicks, value.Ticks);
    }

    /// <summary>Replaces the content by an empty disk. Only while no process uses the disk.</summary>
    public void Wipe() => _files = new InMemoryFileSystem();

    public void CreateDirectory(string path) => _files.CreateDirectory(path);

    public bool FileExists(string path) => _files.FileExists(path);

    public IReadOnlyList<string> ListFiles(string directory) => _files.ListFiles(directory);

    public IReadOnlyList<string> ListDirectories(string directory) => _files.ListDirectories(directory);

    public IStorageFile Open(string path, FileOpenMode mode) => new TestFile(this, _files.Open(path, mode));

    public void Rename(string from, string to) => _files.Rename(from, to);

    public void Delete(string path) => _files.Delete(path);

    public void DeleteDirectoryIfEmpty(string path) => _files.DeleteDirectoryIfEmpty(path);

    public void SyncDirectory(string path) => Sync();

    public long AvailableBytes(string directory) => IsFull ? 0 : Math.Max(0, Volume - _files.UsedBytes);

    public long VolumeBytes(string directory) => Volume;

    public IDisposable Lock(string path) => _files.Lock(path);

    private void Sync()
    {
        if (SyncTime is var time && time > TimeSpan.Zero)
            Thread.Sleep(time);
    }

    private sealed class TestFile(TestDisk disk, IStorageFile file) : IStorageFile
    {
        public long Length => file.Length;

        public int Read(long offset, Span<byte> buffer) => file.Read(offset, buffer);

        public void Write(long offset, ReadOnlySpan<byte> bytes) => file.Write(offset, bytes);

        public void Sync() => disk.Sync();

        public void Dispose() => file.Dispose();
    }
}
