using System.Text;

namespace RaftKv.Embedded.Transport;

/// <summary>
/// The first frame in each direction: Hello from the dialler, HelloReply from the acceptor. Their layout is the one thing that holds across
/// all protocol versions: later versions add fields at the end, and earlier ones skip them.
/// </summary>
/// <param name="MinVersion">The oldest protocol version the sender speaks.</param>
/// <param name="MaxVersion">The newest protocol version the sender speaks.</param>
/// <param name="Capabilities">One bit for each optional ability of the connection; none is defined in version 1.</param>
/// <param name="Hello">Who the sender is.</param>
internal sealed record Handshake(ushort MinVersion, ushort MaxVersion, long Capabilities, PeerHello Hello)
{
    /// <summary>The one protocol version there is.</summary>
    public const ushort Version = 1;

    /// <summary>"RKV1" on the wire.</summary>
    private const int Magic = 'R' | 'K' << 8 | 'V' << 16 | '1' << 24;

    private const int MaxNodeIdBytes = 256;
    private const int MaxAddressBytes = 512;

    private const int FixedBytes = 4 + 2 + 2 + 8 + 3 * 16 + 4 + 3 * 4;

    public static Handshake Of(PeerHello hello) => new(Version, Version, 0, hello);

    /// <summary>Whether some version is spoken by both.</summary>
    public bool IsCompatible => MinVersion <= Version && MaxVersion >= Version;

    public byte[] EncodeHello()
    {
        var frame = new byte[Frame.OverheadBytes + Size];
        var writer = new WireWriter(frame.AsSpan()[Frame.HeaderBytes..^4]);
        Write(ref writer);
        Frame.Seal(frame, FrameType.Hello);
        return frame;
    }

    public byte[] EncodeReply(HandshakeVerdict verdict)
    {
        var frame = new byte[Frame.OverheadBytes + 1 + Size];
        var writer = new WireWriter(frame.AsSpan()[Frame.HeaderBytes..^4]);
        writer.Byte((byte)verdict);
        Write(ref writer);
        Frame.Seal(frame, FrameType.HelloReply);
        return frame;
    }

    public static Handshake DecodeHello(FrameType type, ReadOnlyMemory<byte> payload)
    {
        if (type != FrameType.Hello)
            throw new WireFormatException($"the first frame is of type {(byte)type}, not an introduction");
        var reader = new WireReader(payload);
        return Read(ref reader);
    }

    public static Handshake DecodeReply(FrameType type, ReadOnlyMemory<byte> payload, out HandshakeVerdict verdict)
    {
        if (type != FrameType.HelloReply)
            throw new WireFormatException($"the answer to the introduction is of type {(byte)type}");
        var reader = new WireReader(payload);
        // A verdict of a later version is a refusal as good as any, and is logged as its number.
        verdict = (HandshakeVerdict)reader.Byte();
        return Read(ref reader);
    }

    private int Size => FixedBytes + Encoding.UTF8.GetByteCount(Hello.NodeId) + Encoding.UTF8.GetByteCount(Hello.Address)
        + Encoding.UTF8.GetByteCount(Hello.TargetNodeId);

    private void Write(ref WireWriter to)
    {
        to.Int32(Magic);
        to.UInt16(MinVersion);
        to.UInt16(MaxVersion);
        to.Int64(Capabilities);
        to.Guid(Hello.ClusterId);
        to.Guid(Hello.Incarnation);
        to.Guid(Hello.TargetIncarnation);
        to.Int32(Hello.FeatureLevel);
        to.Text(Hello.NodeId);
        to.Text(Hello.Address);
        to.Text(Hello.TargetNodeId);
    }

    private static Handshake Read(ref WireReader from)
    {
        if (from.Int32() != Magic)
            throw new WireFormatException("the introduction is not of this protocol");
        var min = from.UInt16();
        var max = from.UInt16();
        var capabilities = from.Int64();
        var clusterId = from.Guid();
        var incarnation = from.Guid();
        var targetIncarnation = from.Guid();
        var featureLevel = from.Int32();
        var nodeId = ReadName(ref from, MaxNodeIdBytes);
        if (nodeId.Length == 0)
            throw new WireFormatException("the introduction has no name");
        return new Handshake(min, max, capabilities, new PeerHello
        {
            ClusterId = clusterId,
            NodeId = nodeId,
            Incarnation = incarnation,
            Address = ReadName(ref from, MaxAddressBytes),
            TargetNodeId = ReadName(ref from, MaxNodeIdBytes),
            TargetIncarnation = targetIncarnation,
            FeatureLevel = featureLevel,
        });
    }

    /// <summary>Names go into logs before anybody has been authenticated, therefore without control characters.</summary>
    private static string ReadName(ref WireReader from, int maxBytes)
    {
        var name = from.Text(maxBytes);
        foreach (var c in name)
        {
            if (char.IsControl(c))
                throw new WireFormatException("a name has control characters");
        }
        return name;
    }
}
