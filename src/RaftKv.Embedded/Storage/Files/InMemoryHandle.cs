namespace RaftKv.Embedded.Storage;

/// <summary>An open file of an <see cref="InMemoryFileSystem"/>.</summary>
internal sealed class InMemoryHandle : IStorageFile
{
    private readonly InMemoryFile _file;
    private readonly string _path;
    private int _isDisposed;

    public InMemoryHandle(InMemoryFile file, string path)
    {
        file.AddReference();
        (_file, _path) = (file, path);
    }

    public long Length => Open.Length;

    private InMemoryFile Open
    {
        get
        {
            ObjectDisposedException.ThrowIf(Volatile.Read(ref _isDisposed) != 0, this);
            return _file;
        }
    }

    public int Read(long offset, Span<byte> buffer) => Open.Read(offset, buffer);

    public void Write(long offset, ReadOnlySpan<byte> bytes)
    {
        if (Open.TryWrite(offset, bytes))
            return;
        throw new RaftKvStorageException(RaftKvStorageError.DiskFull,
            $"There is no room for {bytes.Length} more bytes in {_path}: the files in memory have all that MemoryBudgetBytes leaves them. "
                + "Delete data, or raise MemoryBudgetBytes.");
    }

    public void Sync()
    {
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
            _file.Release();
    }
}
