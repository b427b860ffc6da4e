using RaftKv.Embedded.Transport;

namespace RaftKv.Fuzz.Targets;

/// <summary>A frame with a message in it, from a peer that has introduced itself.</summary>
internal sealed class MessageTarget : FuzzTarget
{
    private const int MaxFrameBytes = 32 * 1024 * 1024;

    public override IReadOnlyList<byte[]> Corpus { get; } = [.. HandshakeTarget.FramesOf(Golden("wire-v1")), .. HandshakeTarget.FramesOf(Golden("wire-v1-integrity"))];

    public override long MaxAllocatedBytes => 1024 * 1024;

    public override void Reseal(Span<byte> input) => HandshakeTarget.ResealFrame(input);

    public override bool Take(byte[] input, bool isAuthentic)
    {
        try
        {
            if (input.Length < Frame.OverheadBytes)
                return false;
            var length = Frame.ReadHeader(input, MaxFrameBytes, out var type);
            if (length > input.Length)
                return false;
            if (MessageDecoder.Read(type, Frame.Open(input.AsMemory(0, length))) is not { } message)
                return false;
            // Each message has exactly one encoding: a decoded message is encoded to the same bytes.
            Require(MessageEncoder.FrameSize(message) == length, "a message is not as long as its frame");
            var again = new byte[length];
            MessageEncoder.WriteFrame(message, again);
            Require(again.AsSpan().SequenceEqual(input.AsSpan(0, length)), "a message is written in other bytes than it was read from");
            return true;
        }
        catch (WireFormatException)
        {
            return false;
        }
    }
}
