using System.Text;
using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Transport;

/// <summary>
/// The first frame in each direction: Hello from the dialler, HelloReply from the acceptor. Their layout is the same in all protocol
/// versions: later versions add fields at the end, and earlier ones skip them. If the cluster shares a secret, two frames lie between them:
/// Challenge, a random number from the acceptor, and Proof, which the dialler computes from it (<see cref="PeerSecret"/>). The proof of the
/// acceptor is at the end of its answer.
/// </summary>
/// <param name="MinVersion">The oldest protocol version the sender speaks.</param>
/// <param name="MaxVersion">The newest protocol version the sender speaks.</param>
/// <param name="Capabilities">
/// One bit for each field behind the end of the first layout, in the order of these fields, or for another optional ability.
/// </param>
/// <param name="Hello">The introduction of the sender.</param>
/// <param name="Nonce">A random number that the proof of the acceptor must cover; null if the sender has no secret.</param>
internal sealed record Handshake(ushort MinVersion, ushort MaxVersion, long Capabilities, PeerHello Hello, byte[]? Nonce = null)
{
    /// <summary>The only protocol version until now.</summary>
    public const ushort Version = 1;

    /// <summary>"RKV1" on the wire.</summary>
    private const int Magic = 'R' | 'K' << 8 | 'V' << 16 | '1' << 24;

    private const long HasNonce = 1 << 0;
    private const long HasProcess = 1 << 1;
    private const long WantsToJoin = 1 << 2;
    private const long HasStart = 1 << 3;
    private const long HasInitialMembersDigest = 1 << 4;
    private const long HasLimits = 1 << 6;
    private const long HasJoinAnswer = 1 << 7;
    private const long HoldsNothing = 1 << 8;

    /// <summary>The sender reassembles frames that are sent in parts.</summary>
    private const long AcceptsParts = 1 << 9;

    private const byte Voted = 1;
    private const byte Led = 2;

    private const int MaxNodeIdBytes = 256;
    private const int MaxAddressBytes = 512;
    private const int MaxAnswerBytes = 1024;

    private const int FixedBytes = 4 + 2 + 2 + 8 + 3 * 16 + 4 + 3 * 4;

    public static Handshake Of(PeerHello hello, byte[]? nonce = null)
    {
        var capabilities = (nonce is null ? 0 : HasNonce)
            | (hello.Process == Guid.Empty ? 0 : HasProcess)
            | (hello.WantsToJoin ? WantsToJoin : 0)
            | (hello.Start is null ? 0 : HasStart)
            | (hello.InitialMembersDigest is null ? 0 : HasInitialMembersDigest)
            | (hello.Limits is null ? 0 : HasLimits)
            | (hello.JoinAnswer.Length == 0 ? 0 : HasJoinAnswer)
            | (hello.HoldsNothing ? HoldsNothing : 0)
            | (hello.AcceptsParts ? AcceptsParts : 0);
        return new Handshake(Version, Version, capabilities, hello, nonce);
    }

    /// <summary>Whether both nodes have a protocol version in common.</summary>
    public bool IsCompatible => MinVersion <= Version && MaxVersion >= Version;

    public byte[] EncodeHello()
    {
        var payload = new byte[Size];
        var writer = new WireWriter(payload);
        Write(ref writer);
        return Envelop(payload, FrameType.Hello);
    }

    public byte[] EncodeReply(HandshakeVerdict verdict) => Envelop(EncodeReplyPayload(verdict), FrameType.HelloReply);

    public byte[] EncodeReplyPayload(HandshakeVerdict verdict)
    {
        var payload = new byte[1 + Size];
        var writer = new WireWriter(payload);
        writer.Byte((byte)verdict);
        Write(ref writer);
        return payload;
    }

    public static byte[] Envelop(byte[] payload, FrameType type)
    {
        var frame = new byte[Frame.OverheadBytes + payload.Length];
        payload.CopyTo(frame, Frame.HeaderBytes);
        Frame.Seal(frame, type);
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
        // An unknown verdict of a later version is a refusal too, and is logged by its number.
        verdict = (HandshakeVerdict)reader.Byte();
        return Read(ref reader);
    }

    private int Size => FixedBytes + Encoding.UTF8.GetByteCount(Hello.NodeId) + Encoding.UTF8.GetByteCount(Hello.Address)
        + Encoding.UTF8.GetByteCount(Hello.TargetNodeId) + (Nonce?.Length ?? 0)
        + (Hello.Process == Guid.Empty ? 0 : 16 + 8) + (Hello.Start is { } start ? 8 + 8 + 8 + 1 + 16 + 1 + (8 * start.Ids.Count) : 0)
        + (Hello.Limits is null ? 0 : ClusterLimits.Bytes)
        + (Hello.InitialMembersDigest is null ? 0 : 8)
        + (Hello.JoinAnswer.Length == 0 ? 0 : 4 + Encoding.UTF8.GetByteCount(Hello.JoinAnswer));

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
        if (Nonce is not null)
            to.Raw(Nonce);
        if (Hello.Process != Guid.Empty)
        {
            to.Guid(Hello.Process);
            to.Int64(Hello.StartedAt);
        }
        if (Hello.Start is { } start)
            Write(ref to, start);
        if (Hello.InitialMembersDigest is { } digest)
            to.Int64(unchecked((long)digest));
        if (Hello.Limits is { } limits)
        {
            to.Int32(limits.MaxKeyBytes);
            to.Int32(limits.MaxValueBytes);
            to.Int32(limits.MaxTransactionBytes);
        }
        if (Hello.JoinAnswer.Length > 0)
            to.Text(Hello.JoinAnswer);
    }

    private static void Write(ref WireWriter to, PeerStart start)
    {
        to.Int64(start.Count);
        to.Int64(start.Term);
        to.Int64(start.LastIndex);
        to.Byte((byte)((start.HasVoted ? Voted : 0) | (start.IsLed ? Led : 0)));
        to.Guid(start.ReplacedIncarnation);
        to.Byte((byte)start.Ids.Count);
        foreach (var id in start.Ids)
            to.Int64(id);
    }

    private static PeerStart ReadStart(ref WireReader from)
    {
        var (count, term, lastIndex, flags) = (from.Int64(), from.Int64(), from.Int64(), from.Byte());
        var predecessor = from.Guid();
        var ids = new long[from.Byte()];
        if (ids.Length is 0 or > PeerStart.MaxIds || count <= 0 || term < 0 || lastIndex < 0)
            throw new WireFormatException("the introduction has an impossible record of a start");
        for (var i = 0; i < ids.Length; i++)
            ids[i] = from.Int64();
        return new PeerStart
        {
            Count = count,
            Ids = ids,
            Term = term,
            HasVoted = (flags & Voted) != 0,
            LastIndex = lastIndex,
            IsLed = (flags & Led) != 0,
            ReplacedIncarnation = predecessor,
        };
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
        var hello = new PeerHello
        {
            ClusterId = clusterId,
            NodeId = nodeId,
            Incarnation = incarnation,
            Address = ReadName(ref from, MaxAddressBytes),
            TargetNodeId = ReadName(ref from, MaxNodeIdBytes),
            TargetIncarnation = targetIncarnation,
            FeatureLevel = featureLevel,
        };
        var nonce = (capabilities & HasNonce) != 0 ? from.Raw(PeerSecret.NonceBytes) : null;
        if ((capabilities & HasProcess) != 0)
            hello = hello with { Process = from.Guid(), StartedAt = from.Int64() };
        if ((capabilities & HasStart) != 0)
            hello = hello with { Start = ReadStart(ref from) };
        if ((capabilities & HasInitialMembersDigest) != 0)
            hello = hello with { InitialMembersDigest = unchecked((ulong)from.Int64()) };
        if ((capabilities & HasLimits) != 0)
            hello = hello with { Limits = new ClusterLimits(from.Int32(), from.Int32(), from.Int32()) };
        if ((capabilities & HasJoinAnswer) != 0)
            hello = hello with { JoinAnswer = ReadName(ref from, MaxAnswerBytes) };
        hello = hello with
        {
            WantsToJoin = (capabilities & WantsToJoin) != 0,
            HoldsNothing = (capabilities & HoldsNothing) != 0,
            AcceptsParts = (capabilities & AcceptsParts) != 0,
        };
        return new Handshake(min, max, capabilities, hello, nonce);
    }

    /// <summary>Reads a name, which must not have control characters, because names are logged before the peer is authenticated.</summary>
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
