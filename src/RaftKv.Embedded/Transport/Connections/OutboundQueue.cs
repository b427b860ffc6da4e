using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Transport;

/// <summary>
/// The frames that wait for one connection. Urgent frames overtake bulk ones. A bulk frame that is longer than a part is cut into parts, so
/// that an urgent frame waits for one slice at most, not for a whole value or piece of a snapshot. Frames are sealed in the order in which
/// they are written. Not synchronized: the owner holds a lock.
/// </summary>
/// <param name="seal">Seals frames; null if the cluster has no secret.</param>
/// <param name="splits">Whether the peer reassembles parts; older versions do not, and get whole frames.</param>
internal sealed class OutboundQueue(FrameSeal? seal, bool splits)
{
    /// <summary>The approximate number of bytes of one write.</summary>
    public const int SliceBytes = 64 * 1024;

    /// <summary>The most bytes of a frame that one part carries.</summary>
    public const int PartBytes = 32 * 1024;

    /// <summary>The frames that are written next, in this order, already sealed.</summary>
    private SendBuffer _next = new();

    /// <summary>Whole bulk frames, not sealed yet; parts of the first one may have been moved already.</summary>
    private readonly SendBuffer _bulk = new();
    private int _leftOfFirst;

    private int TagBytes => seal is null ? 0 : FrameSeal.TagBytes;

    public bool IsEmpty => _next.IsEmpty && _bulk.IsEmpty;

    /// <param name="message">The message.</param>
    /// <param name="frameSize">Its size as a frame, without a seal.</param>
    /// <param name="isBusy">Whether a write is in progress. If not, a bulk frame that fits the next slice is written without delay.</param>
    /// <returns>By how many bytes the queue has grown.</returns>
    public int Add(PeerMessage message, int frameSize, bool isBusy)
    {
        if (message.IsBulk && (isBusy || !_bulk.IsEmpty || _next.Unsent.Length + frameSize > SliceBytes))
        {
            MessageEncoder.WriteFrame(message, _bulk.Append(frameSize));
            return frameSize;
        }
        var bytes = _next.Append(frameSize + TagBytes);
        MessageEncoder.WriteFrame(message, bytes[..frameSize]);
        seal?.Seal(bytes[..frameSize], bytes[frameSize..]);
        return frameSize + TagBytes;
    }

    /// <summary>
    /// Exchanges an empty buffer for the frames that are written next: all urgent ones, and bulk ones up to the size of a slice.
    /// </summary>
    /// <returns>The number of bytes that seals and the headers of parts have added.</returns>
    public int Take(ref SendBuffer empty)
    {
        var grown = 0;
        while (!_bulk.IsEmpty && _next.Unsent.Length < SliceBytes)
            grown += MoveBulk();
        (_next, empty) = (empty, _next);
        return grown;
    }

    private int MoveBulk()
    {
        var first = _bulk.Unsent;
        if (_leftOfFirst == 0)
        {
            var length = (int)Frame.PayloadLength(first) + Frame.OverheadBytes;
            if (!splits || length <= PartBytes)
            {
                var whole = _next.Append(length + TagBytes);
                first[..length].CopyTo(whole);
                seal?.Seal(whole[..length], whole[length..]);
                _bulk.Sent(length);
                return TagBytes;
            }
            _leftOfFirst = length;
        }
        var count = Math.Min(_leftOfFirst, PartBytes);
        var size = count + Frame.OverheadBytes;
        var part = _next.Append(size + TagBytes);
        first[..count].CopyTo(part[Frame.HeaderBytes..]);
        Frame.Seal(part[..size], FrameType.Part);
        seal?.Seal(part[..size], part[size..]);
        _bulk.Sent(count);
        _leftOfFirst -= count;
        return Frame.OverheadBytes + TagBytes;
    }
}
