namespace RaftKv.Embedded.Transport;

/// <summary>
/// Splits the bytes of a connection into frames. Many small frames at a time are read into one buffer, which is reused. A frame whose
/// message keeps its payload, or that is larger than the buffer, gets memory of its own and is received directly into it.
/// </summary>
internal sealed class FrameReader(PeerStream stream)
{
    private const int BufferBytes = 64 * 1024;

    private byte[] _buffer = new byte[Frame.OverheadBytes + Frame.MaxHandshakePayload];
    private int _maxPayload = Frame.MaxHandshakePayload;
    private int _start, _end;
    private FrameSeal? _seal;

    /// <summary>Bytes received and not yet read as a frame.</summary>
    public int Buffered => _end - _start;

    /// <summary>Whether the next frame has arrived as a whole already.</summary>
    public bool HasFrame =>
        Buffered >= Frame.OverheadBytes && Buffered - Frame.OverheadBytes - (_seal is null ? 0
            : FrameSeal.TagBytes) >= Frame.PayloadLength(_buffer.AsSpan(_start));

    /// <summary>
    /// The peer has introduced itself: larger frames are allowed from now on, and each must be sealed if there is a seal.
    /// </summary>
    public void Admit(int maxPayload, FrameSeal? seal)
    {
        _seal = seal;
        _maxPayload = maxPayload;
        var larger = new byte[BufferBytes];
        _buffer.AsSpan(_start, Buffered).CopyTo(larger);
        (_buffer, _start, _end) = (larger, 0, Buffered);
    }

    /// <summary>
    /// Waits for one whole frame, without limit if there is no deadline. The payload is valid until the next call unless its message keeps
    /// it.
    /// </summary>
    /// <exception cref="ConnectionLostException">The connection ended, or the deadline passed.</exception>
    /// <exception cref="WireFormatException">The received bytes are not a valid frame.</exception>
    public ReadOnlyMemory<byte> Read(out FrameType type, Deadline? deadline = null)
    {
        Require(Frame.HeaderBytes, deadline);
        var length = Frame.ReadHeader(_buffer.AsSpan(_start), _maxPayload, out type);
        var sealedLength = _seal is null ? length : length + FrameSeal.TagBytes;
        if (sealedLength > _buffer.Length || MessageDecoder.KeepsPayload(type, length - Frame.OverheadBytes))
            return Open(ReadOwned(sealedLength, deadline), length);
        Require(sealedLength, deadline);
        var frame = _buffer.AsMemory(_start, sealedLength);
        _start += sealedLength;
        return Open(frame, length);
    }

    private ReadOnlyMemory<byte> Open(ReadOnlyMemory<byte> sealedFrame, int length)
    {
        _seal?.Check(sealedFrame.Span[..length], sealedFrame.Span[length..]);
        return Frame.Open(sealedFrame[..length]);
    }

    private byte[] ReadOwned(int length, Deadline? deadline)
    {
        var frame = GC.AllocateUninitializedArray<byte>(length);
        var filled = Math.Min(length, Buffered);
        _buffer.AsSpan(_start, filled).CopyTo(frame);
        _start += filled;
        while (filled < length)
            filled += stream.Receive(frame, filled, length - filled, deadline);
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
            _end += stream.Receive(_buffer, _end, _buffer.Length - _end, deadline);
    }
}
