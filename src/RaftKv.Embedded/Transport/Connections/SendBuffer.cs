using System.Buffers;

namespace RaftKv.Embedded.Transport;

/// <summary>Bytes on their way out: grows as needed, and gives the memory of a giant back once it is empty.</summary>
internal sealed class SendBuffer
{
    private const int KeptBytes = 256 * 1024;

    private byte[] _bytes = [];
    private int _start, _end;

    public bool IsEmpty => _start == _end;

    public ReadOnlySpan<byte> Unsent => _bytes.AsSpan(_start, _end - _start);

    /// <summary>The memory <see cref="Unsent"/> is in, from <see cref="Start"/> on.</summary>
    public byte[] Bytes => _bytes;

    public int Start => _start;

    /// <summary>Room for exactly this many bytes behind those that wait.</summary>
    public Span<byte> Append(int size)
    {
        if (_end + size > _bytes.Length)
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
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(waiting + size, Math.Min(2 * _bytes.Length, Array.MaxLength)));
        Unsent.CopyTo(larger);
        if (_bytes.Length > 0)
            ArrayPool<byte>.Shared.Return(_bytes);
        (_bytes, _start, _end) = (larger, 0, waiting);
    }
}
