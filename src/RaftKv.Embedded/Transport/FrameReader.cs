using System.Net.Sockets;

namespace RaftKv.Embedded.Transport;

/// <summary>
/// Cuts what a socket delivers into frames. Small frames are read many at a time into one buffer that is used again; a frame whose message
/// keeps its payload, or that is larger than the buffer, gets memory of its own and is received straight into it.
/// </summary>
internal sealed class FrameReader(Socket socket, TransportCounters counters)
{
    private const int BufferBytes = 64 * 1024;

    private byte[] _buffer = new byte[Frame.OverheadBytes + Frame.MaxHandshakePayload];
    private int _maxPayload = Frame.MaxHandshakePayload;
    private int _start, _end;

    /// <summary>Bytes received and not yet read as a frame.</summary>
    public int Buffered => _end - _start;

    /// <summary>Whether the next frame has arrived as a whole already.</summary>
    public bool HasFrame => Buffered >= Frame.OverheadBytes && Buffered - Frame.OverheadBytes >= Frame.PayloadLength(_buffer.AsSpan(_start));

    /// <summary>The peer has introduced itself: larger frames are allowed from now on.</summary>
    public void Admit(int maxPayload)
    {
        _maxPayload = maxPayload;
        var larger = new byte[BufferBytes];
        _buffer.AsSpan(_start, Buffered).CopyTo(larger);
        (_buffer, _start, _end) = (larger, 0, Buffered);
    }

    /// <summary>Waits for one whole frame, without limit if there is no deadline. The payload is valid until the next call unless its message keeps it.</summary>
    /// <exception cref="ConnectionLostException">The connection ended, or the deadline passed.</exception>
    /// <exception cref="WireFormatException">What came is not a frame.</exception>
    public ReadOnlyMemory<byte> Read(out FrameType type, Deadline? deadline = null)
    {
        Require(Frame.HeaderBytes, deadline);
        var length = Frame.ReadHeader(_buffer.AsSpan(_start), _maxPayload, out type);
        if (length > _buffer.Length || MessageCodec.KeepsPayload(type, length - Frame.OverheadBytes))
            return Frame.Open(ReadOwned(length, deadline));
        Require(length, deadline);
        var frame = _buffer.AsMemory(_start, length);
        _start += length;
        return Frame.Open(frame);
    }

    private byte[] ReadOwned(int length, Deadline? deadline)
    {
        var frame = GC.AllocateUninitializedArray<byte>(length);
        var filled = Math.Min(length, Buffered);
        _buffer.AsSpan(_start, filled).CopyTo(frame);
        _start += filled;
        while (filled < length)
            filled += Receive(frame.AsSpan(filled), deadline);
        return frame;
    }

    private void Require(int length, Deadline? deadline)
    {
        if (Buffered >= length)
            return;
        if (_start + length > _buffer.Length || Buffered == 0)
        {
            _buffer.AsSpan(_start, Buffered).CopyTo(_buffer);
            (_start, _end) = (0, Buffered);
        }
        while (Buffered < length)
            _end += Receive(_buffer.AsSpan(_end), deadline);
    }

    private int Receive(Span<byte> into, Deadline? deadline)
    {
        while (true)
        {
            if (deadline is { } limit && (limit.HasPassed || !socket.Poll(limit.Remaining, SelectMode.SelectRead)))
                throw ConnectionLostException.Timeout("answer");
            var received = socket.Receive(into, SocketFlags.None, out var error);
            if (error is SocketError.WouldBlock or SocketError.Interrupted)
                continue;
            if (error != SocketError.Success)
                throw ConnectionLostException.Because(error);
            if (received == 0)
                throw ConnectionLostException.Closed();
            counters.ReceivedBytes(received);
            return received;
        }
    }
}
