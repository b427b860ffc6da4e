namespace RaftKv.Embedded.Transport;

/// <summary>
/// Reassembles frames that were sent in parts. The first part begins with the header of the whole frame, which says how long it is.
/// </summary>
internal sealed class PartAssembler(int maxPayload)
{
    private byte[] _frame = [];
    private int _filled;

    /// <summary>Adds the payload of a part. True: the frame is whole, and the caller may keep its payload.</summary>
    /// <exception cref="WireFormatException">The parts are not those of a frame.</exception>
    public bool TryComplete(ReadOnlyMemory<byte> part, out FrameType type, out ReadOnlyMemory<byte> payload)
    {
        (type, payload) = (FrameType.Part, default);
        if (_filled == 0)
        {
            if (part.Length < Frame.HeaderBytes)
                throw new WireFormatException("the first part of a frame has no header");
            _frame = GC.AllocateUninitializedArray<byte>(Frame.ReadHeader(part.Span, maxPayload, out _));
        }
        if (part.IsEmpty || part.Length > _frame.Length - _filled)
            throw new WireFormatException("the parts of a frame are longer than the frame");
        part.CopyTo(_frame.AsMemory(_filled));
        _filled += part.Length;
        if (_filled < _frame.Length)
            return false;
        type = (FrameType)_frame[4];
        payload = Frame.Open(_frame);
        if (type == FrameType.Part)
            throw new WireFormatException("a part of a frame consists of parts");
        (_frame, _filled) = ([], 0);
        return true;
    }
}
