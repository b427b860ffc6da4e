using RaftKv.Embedded.Storage;

namespace RaftKv.Embedded.Tests.Storage;

/// <summary>
/// A disk in memory that forgets what was not synced when it crashes, and can be made to crash before any of its operations.
/// </summary>
internal sealed class MemoryDisk : IFileSystem
{
    private Dictionary<string, Node> _names = [];
    private Dictionary<string, Node> _durableNames = [];
    private int _generation;

    /// <summary>How many more changes succeed; negative is no limit.</summary>
    public int ChangesLeft { get; set; } = -1;

    public long Free { get; set; } = long.MaxValue;

    private sealed class Node
    {
        public byte[] Bytes = [];
        public byte[] Durable = [];
    }

    /// <summary>The power fails: only synced bytes under synced names come back, or, with <paramref name="lucky"/>, everything.</summary>
    public void Crash(bool lucky)
    {
        _generation++;
        ChangesLeft = -1;
        if (lucky)
            return;
        _names = new Dictionary<string, Node>(_durableNames);
        foreach (var node in _names.Values)
            node.Bytes = node.Durable;
    }

    public byte[] Read(string path) => _names[path].Bytes;

    public void Replace(string path, byte[] bytes) => _names[path] = _durableNames[path] = new Node { Bytes = bytes, Durable = bytes };

    public void CreateDirectory(string path) { }

    public bool FileExists(string path) => _names.ContainsKey(path);

    public IReadOnlyList<string> ListFiles(string directory) =>
        [.. _names.Keys.Where(p => Path.GetDirectoryName(p) == directory).Select(p => Path.GetFileName(p)!).Order(StringComparer.Ordinal)];

    public IStorageFile Open(string path, FileOpenMode mode)
    {
        if (mode is FileOpenMode.Create or FileOpenMode.CreateNew)
        {
            Change();
            _names[path] = new Node();
        }
        return _names.TryGetValue(path, out var node)
            ? new OpenFile(this, node, _generation)
            : throw new RaftKvStorageException(RaftKvStorageError.Io, $"'{path}' does not exist.");
    }

    public void Rename(string from, string to)
    {
        Change();
        _names.Remove(from, out var node);
        _names[to] = node!;
    }

    public void Delete(string path)
    {
        Change();
        _names.Remove(path);
    }

    public void SyncDirectory(string path)
    {
        Change();
        _durableNames = new Dictionary<string, Node>(_names);
    }

    public long AvailableBytes(string directory) => Free;

    public IDisposable Lock(string path) => throw new NotSupportedException();

    private void Change()
    {
        if (ChangesLeft == 0)
            throw new RaftKvStorageException(RaftKvStorageError.Io, "The disk is gone.");
        if (ChangesLeft > 0)
            ChangesLeft--;
    }

    private sealed class OpenFile(MemoryDisk disk, Node node, int generation) : IStorageFile
    {
        public long Length => node.Bytes.Length;

        public int Read(long offset, Span<byte> buffer)
        {
            var bytes = node.Bytes.AsSpan((int)Math.Min(offset, node.Bytes.Length));
            var count = Math.Min(bytes.Length, buffer.Length);
            bytes[..count].CopyTo(buffer);
            return count;
        }

        public void Write(long offset, ReadOnlySpan<byte> bytes)
        {
            Change();
            var copy = node.Bytes.ToArray();
            Array.Resize(ref copy, (int)Math.Max(copy.Length, offset + bytes.Length));
            bytes.CopyTo(copy.AsSpan((int)offset));
            node.Bytes = copy;
        }

        public void Sync()
        {
            Change();
            node.Durable = node.Bytes;
        }

        public void Dispose() { }

        private void Change()
        {
            Xunit.Assert.Equal(disk._generation, generation);
            disk.Change();
        }
    }
}
