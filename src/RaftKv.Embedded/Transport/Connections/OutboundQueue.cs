using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Transport;

/// <summary>
/// What waits for one connection. Urgent frames pass bulk ones. A bulk frame that is longer than a part is cut into parts, so that an
/// urgent frame waits for one slice at most and not for a whole value or piece of a snapshot. Frames are sealed in the order in which they
/// are written. Not synchronised: its owner holds a lock.
/// </summary>
/// <param name="seal">Seals frames; null if the cluster has no secret.</param>
/// <param name="splits">Whether the peer puts parts together; older versions do not, and get whole frames.</param>
internal sealed class OutboundQueue(FrameSeal? seal, bool splits)
{
    /// <summary>About how much is written at once.</summary>
    public const int SliceBytes = 64 * 1024;

    /// <summary>The most bytes of a frame that one part carries.</summary>
    public const int PartBytes = 32 * 1024;

    /// <summary>In the order in which it is written, and sealed.</summary>
    private SendBuffer _next = new();

    /// <summary>Whole bulk frames, unsealed; of the first one a part may be gone.</summary>
    private readonly SendBuffer _bulk = new();
    private int _leftOfFirst;

    private int TagBytes => seal is null ? 0 : FrameSeal.TagBytes;

    public bool IsEmpty => _next.IsEmpty && _bulk.IsEmpty;

    /// <param name="message">The message.</param>
    /// <param name="frameSize">Its size as a frame, without a seal.</param>
    /// <param name="isBusy">Something is being written. While nothing is, bulk that fits the next slice is written without delay.</param>
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

    /// <summary>Exchanges an empty buffer for what is to be written next: all that is urgent, and bulk up to the size of a slice.</summary>
    /// <returns>By how many bytes seals and parts have made it grow.</returns>
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
