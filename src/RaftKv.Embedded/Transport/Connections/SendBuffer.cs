using System.Buffers;

namespace RaftKv.Embedded.Transport;

/// <summary>
/// A buffer of bytes to send. Grows as needed, to about four times the bytes that wait, and returns the memory of an unusually large
/// content once it is empty. Not synchronized: <see cref="Append"/> may move the waiting bytes, so no other thread may read them meanwhile.
/// </summary>
internal sealed class SendBuffer
{
    private const int KeptBytes = 256 * 1024;

    private byte[] _bytes = [];
    private int _start, _end;

    public bool IsEmpty => _start == _end;

    public ReadOnlySpan<byte> Unsent => _bytes.AsSpan(_start, _end - _start);

    /// <summary>The memory that contains <see cref="Unsent"/>, from <see cref="Start"/> on.</summary>
    public byte[] Bytes => _bytes;

    public int Start => _start;

    /// <summary>Returns room for exactly <paramref name="size"/> bytes behind the waiting ones.</summary>
    public Span<byte> Append(int size)
    {
        if (size > _bytes.Length - _end)
            MakeRoom(size);
        _end += size;
        return _bytes.AsSpan(_end - size, size);
    }

    public void Sent(int count)
    {
        _start += count;
        if (!IsEmpty)
            return;
        (_start, _end) = (0, 0);
        if (_bytes.Length > KeptBytes)
        {
            ArrayPool<byte>.Shared.Return(_bytes);
            _bytes = [];
        }
    }

    private void MakeRoom(int size)
    {
        var waiting = _end - _start;
        if (waiting + (long)size <= _bytes.Length / 2)
        {
            // At least half of the buffer was sent since the last move, so moving the rest costs no more than sending it.
            Unsent.CopyTo(_bytes);
            (_start, _end) = (0, waiting);
            return;
        }
        var larger = ArrayPool<byte>.Shared.Rent((int)Math.Max(waiting + (long)size, Math.Min(2L * _bytes.Length, Array.MaxLength)));
        Unsent.CopyTo(larger);
        if (_bytes.Length > 0)
            ArrayPool<byte>.Shared.Return(_bytes);
        (_bytes, _start, _end) = (larger, 0, waiting);
    }
}
