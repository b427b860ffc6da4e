namespace RaftKv.Embedded.Storage;

/// <summary>
/// The content of a file of an <see cref="InMemoryFileSystem"/>. Growth reserves bytes in the <see cref="InMemoryRoom"/>, in whole pages.
/// Memory is allocated only for a page that has a byte other than zero. Preallocated zeros thus take room but no memory, and a later write
/// over them is never refused. A deleted file stays readable until its last <see cref="InMemoryHandle"/> is disposed.
/// </summary>
internal sealed class InMemoryFile(InMemoryRoom room)
{
    private const int PageBytes = 16 * 1024;

    private readonly Lock _gate = new();
    private readonly List<byte[]?> _pages = [];
    private long _length;

    /// <summary>One for the name, until the file is deleted, and one for each open handle.</summary>
    private int _references = 1;

    public long Length
    {
        get
        {
            lock (_gate)
                return _length;
        }
    }

    /// <summary>Adds the reference of a new handle.</summary>
    public void AddReference()
    {
        lock (_gate)
            _references++;
    }

    /// <summary>Drops the reference of a handle or of the name. The last one returns the room.</summary>
    public void Release()
    {
        lock (_gate)
        {
            if (--_references > 0)
                return;
            room.Return((long)_pages.Count * PageBytes);
            _pages.Clear();
            _length = 0;
        }
    }

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

    /// <summary>Returns <c>false</c> and writes nothing when there is no room for the growth.</summary>
    public bool TryWrite(long offset, ReadOnlySpan<byte> bytes)
    {
        lock (_gate)
        {
            if (!TryGrow(offset + bytes.Length))
                return false;
            while (bytes.Length > 0)
            {
                var (page, at) = ((int)(offset / PageBytes), (int)(offset % PageBytes));
                var part = bytes[..Math.Min(bytes.Length, PageBytes - at)];
                if (_pages[page] is { } there)
                    part.CopyTo(there.AsSpan(at));
                else if (part.ContainsAnyExcept((byte)0))
                    part.CopyTo((_pages[page] = new byte[PageBytes]).AsSpan(at));
                bytes = bytes[part.Length..];
                offset += part.Length;
            }
            return true;
        }
    }

    private bool TryGrow(long length)
    {
        if (length <= _length)
            return true;
        var missing = ((length + PageBytes - 1) / PageBytes) - _pages.Count;
        if (missing > 0 && !room.TryTake(missing * PageBytes))
            return false;
        for (; missing > 0; missing--)
            _pages.Add(null);
        _length = length;
        return true;
    }
}
