namespace RaftKv.Embedded.Storage;

/// <summary>
/// A file of an <see cref="InMemoryFileSystem"/>. Its memory is allocated page by page: zeros written ahead take none. It stays readable
/// for those who hold it after it was deleted.
/// </summary>
internal sealed class InMemoryFile : IStorageFile
{
    private const int PageBytes = 16 * 1024;

    private readonly Lock _gate = new();
    private readonly List<byte[]?> _pages = [];
    private long _length;
    private int _allocated;

    public long Length
    {
        get
        {
            lock (_gate)
                return _length;
        }
    }

    /// <summary>What it takes in memory.</summary>
    public long MemoryBytes => (long)Volatile.Read(ref _allocated) * PageBytes;

    public int Read(long offset, Span<byte> buffer)
    {
        lock (_gate)
        {
            var left = buffer[..(int)Math.Clamp(_length - offset, 0, buffer.Length)];
            var read = left.Length;
            while (left.Length > 0)
            {
                var (page, at) = ((int)(offset / PageBytes), (int)(offset % PageBytes));
                var part = left[..Math.Min(left.Length, PageBytes - at)];
                if (_pages[page] is { } bytes)
                    bytes.AsSpan(at, part.Length).CopyTo(part);
                else
                    part.Clear();
                left = left[part.Length..];
                offset += part.Length;
            }
            return read;
        }
    }

    public void Write(long offset, ReadOnlySpan<byte> bytes)
    {
        lock (_gate)
        {
            _length = Math.Max(_length, offset + bytes.Length);
            while ((long)_pages.Count * PageBytes < _length)
                _pages.Add(null);
            while (bytes.Length > 0)
            {
                var (page, at) = ((int)(offset / PageBytes), (int)(offset % PageBytes));
                var part = bytes[..Math.Min(bytes.Length, PageBytes - at)];
                if (_pages[page] is { } there)
                    part.CopyTo(there.AsSpan(at));
                else if (part.ContainsAnyExcept((byte)0))
                    part.CopyTo(Allocate(page).AsSpan(at));
                bytes = bytes[part.Length..];
                offset += part.Length;
            }
        }
    }

    public void Sync()
    {
    }

    /// <summary>It may be opened again.</summary>
    public void Dispose()
    {
    }

    private byte[] Allocate(int page)
    {
        Volatile.Write(ref _allocated, _allocated + 1);
        return _pages[page] = new byte[PageBytes];
    }
}
