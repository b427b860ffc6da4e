using System.Buffers.Binary;
using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Transport;

/// <summary>
/// The unit on the wire: payload length u32 | type u8 | flags u8 | payload | CRC-32C u32 of everything before it; little-endian. No flag is
/// defined yet. A flag would change the meaning of the payload, so a frame with an unknown flag is refused, unlike a frame of an unknown
/// type.
/// </summary>
internal static class Frame
{
    public const int HeaderBytes = 6;

    public const int OverheadBytes = HeaderBytes + sizeof(uint);

    /// <summary>The most bytes that a peer may send as the payload of one frame before it has introduced itself.</summary>
    public const int MaxHandshakePayload = 4 * 1024;

    /// <summary>
    /// Writes header and checksum around a payload that is in its place already. <paramref name="frame"/> is the whole frame.
    /// </summary>
    public static void Seal(Span<byte> frame, FrameType type)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(frame, (uint)(frame.Length - OverheadBytes));
        frame[4] = (byte)type;
        frame[5] = 0;
        BinaryPrimitives.WriteUInt32LittleEndian(frame[^4..], Crc32C.Compute(frame[..^4]));
    }

    /// <summary>The length of the payload that a header states; not checked.</summary>
    public static uint PayloadLength(ReadOnlySpan<byte> header) => BinaryPrimitives.ReadUInt32LittleEndian(header);

    /// <summary>Reads a header and returns the length of the whole frame.</summary>
    /// <exception cref="WireFormatException">The payload is longer than the limit, or there are unknown flags.</exception>
    public static int ReadHeader(ReadOnlySpan<byte> header, int maxPayload, out FrameType type)
    {
        var length = PayloadLength(header);
        if (length > (uint)maxPayload)
            throw new WireFormatException($"a frame claims {length} bytes; the limit is {maxPayload}");
        if (header[5] != 0)
            throw new WireFormatException($"a frame has the unknown flags {header[5]}");
        type = (FrameType)header[4];
        return (int)length + OverheadBytes;
    }

    /// <summary>Checks a whole frame and returns its payload.</summary>
    public static ReadOnlyMemory<byte> Open(ReadOnlyMemory<byte> frame)
    {
        var bytes = frame.Span;
        if (BinaryPrimitives.ReadUInt32LittleEndian(bytes[^4..]) != Crc32C.Compute(bytes[..^4]))
            throw new WireFormatException("a frame's checksum is wrong");
        return frame[HeaderBytes..^4];
    }
}
