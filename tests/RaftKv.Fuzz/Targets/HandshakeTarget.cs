using RaftKv.Embedded.Transport;

namespace RaftKv.Fuzz.Targets;

/// <summary>The first frame of a connection, in each direction: the only bytes that a node decodes before it knows the peer.</summary>
internal sealed class HandshakeTarget : FuzzTarget
{
    private const FrameType Hello = FrameType.Hello;

    public override IReadOnlyList<byte[]> Corpus { get; } = [.. FramesOf(Golden("wire-v1")).Where(f => (FrameType)f[4] is Hello or FrameType.HelloReply)];

    public override long MaxAllocatedBytes => 64 * 1024;

    public static IEnumerable<byte[]> FramesOf(byte[] frames)
    {
        for (var rest = frames; rest.Length > 0;)
        {
            var length = Frame.ReadHeader(rest, rest.Length, out _);
            yield return rest[..length];
            rest = rest[length..];
        }
    }

    /// <summary>Sets the length and the checksum of the frame so that they fit the given bytes.</summary>
    public static void ResealFrame(Span<byte> input)
    {
        if (input.Length >= Frame.OverheadBytes)
            Frame.Seal(input, (FrameType)input[4]);
    }

    public override void Reseal(Span<byte> input) => ResealFrame(input);

    public override bool Take(byte[] input, bool isAuthentic)
    {
        try
        {
            if (input.Length < Frame.OverheadBytes)
                return false;
            var length = Frame.ReadHeader(input, Frame.MaxHandshakePayload, out var type);
            if (length > input.Length)
                return false;
            var payload = Frame.Open(input.AsMemory(0, length));
            var decoded = type == Hello ? Handshake.DecodeHello(type, payload) : Handshake.DecodeReply(type, payload, out _);
            Require(decoded.Hello.NodeId.Length > 0 && !decoded.Hello.NodeId.Any(char.IsControl), "a name that no log should have was let in");
            // A decoded hello must be the same after it was encoded and decoded again.
            var again = decoded.EncodeHello();
            Frame.ReadHeader(again, Frame.MaxHandshakePayload, out var sameType);
            Require(Handshake.DecodeHello(sameType, Frame.Open(again)).EncodeHello().AsSpan().SequenceEqual(again), "it is understood differently the second time");
            return true;
        }
        catch (WireFormatException)
        {
            return false;
        }
    }
}
