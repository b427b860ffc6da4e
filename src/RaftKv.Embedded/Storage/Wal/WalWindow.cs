namespace RaftKv.Embedded.Storage;

/// <summary>Reads a file through one buffer, for callers that read it in order.</summary>
internal sealed class WalWindow(IStorageFile file, long length)
{
    private const int UsualBytes = 1024 * 1024;

    private byte[] _buffer = GC.AllocateUninitializedArray<byte>((int)Math.Min(length, UsualBytes));
    private long _start;
    private int _count;

    public long Length => length;

    /// <summary>
    /// The bytes at an offset: <paramref name="count"/> of them, or fewer at the end of the file. Valid until the next call.
    /// </summary>
    public ReadOnlySpan<byte> Get(long offset, int count)
    {
        count = (int)Math.Min(count, Math.Max(0, length - offset));
        if (offset < _start || offset + count > _start + _count)
        {
            if (count > _buffer.Length)
                _buffer = GC.AllocateUninitializedArray<byte>(count);
            _start = offset;
            _count = file.Read(offset, _buffer.AsSpan(0, (int)Math.Min(_buffer.Length, length - offset)));
            count = Math.Min(count, _count);
        }
        return _buffer.AsSpan((int)(offset - _start), count);
    }

    /// <summary>
    /// The offset behind the last byte from <paramref name="offset"/> on that is not zero; <paramref name="offset"/> if all are zero.
    /// </summary>
    public long FindEnd(long offset)
    {
        var end = offset;
        for (var at = offset; at < length; at += UsualBytes)
        {
            var last = Get(at, UsualBytes).LastIndexOfAnyExcept((byte)0);
            if (last >= 0)
                end = at + last + 1;
        }
        return end;
    }
}
