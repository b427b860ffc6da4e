using System.Net;
using System.Net.Sockets;
using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Transport;

/// <summary>Makes one connection and exchanges introductions, on the calling thread and within a deadline.</summary>
internal static class Dialer
{
    /// <summary>Connects to the first address of a host name that answers. The socket is non-blocking.</summary>
    /// <param name="address">host:port.</param>
    /// <param name="options">The options of the transport.</param>
    /// <param name="deadline">For all addresses of the name together.</param>
    /// <param name="memory">The results of earlier attempts, by name; <c>null</c> without any.</param>
    /// <exception cref="ConnectionLostException">No address answers.</exception>
    public static Socket Connect(string address, TransportOptions options, Deadline deadline, AddressMemory? memory = null)
    {
        if (!HostAndPort.TryParse(address, out var target))
            throw new ConnectionLostException("the address is not host:port", reset: false);
        var ordered = (memory ?? new AddressMemory()).Order(address, Resolve(target));
        return new ConnectRace(options, deadline).Connect([.. ordered.Select(ip => new IPEndPoint(ip, target.Port))]);
    }

    /// <summary>
    /// Asks which node listens at an address, and closes the connection. Throws as <see cref="Connect"/> and <see cref="Introduce"/>.
    /// </summary>
    public static (PeerHello Peer, HandshakeVerdict Verdict) Probe(TransportContext context, string address, Deadline deadline,
        bool wantsToJoin = false)
    {
        using var socket = Connect(address, context.Options, deadline);
        using var stream = new PeerStream(socket);
        var introduction = Introduce(stream, context.Self() with { WantsToJoin = wantsToJoin }, context.Options, deadline);
        introduction.Seal?.Dispose();
        return (introduction.Peer, introduction.Verdict);
    }

    /// <summary>Authenticates this node as far as the cluster requires it, introduces it, and reads the introduction of the peer.</summary>
    /// <exception cref="ConnectionLostException">The peer does not answer.</exception>
    /// <exception cref="WireFormatException">The answer is not one of this protocol.</exception>
    /// <exception cref="NotAuthenticatedException">
    /// The other side has not proven that it belongs to the cluster, or does not accept the proof of this node.
    /// </exception>
    public static Introduction Introduce(PeerStream stream, PeerHello self, TransportOptions options, Deadline deadline)
    {
        if (options.Tls is { } tls)
        {
            stream.SecureAsDialler(tls, deadline);
            // Nothing is sent to a node whose certificate has another name. A probe does not know yet which node answers.
            if (!self.IsProbe)
                RequireNameOf(self.TargetNodeId, tls, stream);
        }
        var secret = options.Secrets.FirstOrDefault();
        var hello = Handshake.Of(self, secret is null ? null : PeerSecret.NewNonce()).EncodeHello();
        stream.SendAll(hello, deadline);
        var reader = new FrameReader(stream);
        var payload = HearAnswer(reader, options, out var type, deadline);
        FrameSeal? seal = null;
        if (secret is not null)
            payload = Prove(secret, hello[Frame.HeaderBytes..^4], payload, ref type, stream, reader, deadline, out seal);
        else if (type == FrameType.Challenge)
            throw new NotAuthenticatedException("it asks for the cluster's secret, and this node has none (PeerSecrets)");
        ThrowIfTurnedAway(type, payload);
        var reply = Handshake.DecodeReply(type, payload, out var verdict);
        if (reader.Buffered > 0)
            throw new WireFormatException("data after the answer to the introduction");
        if (verdict == HandshakeVerdict.Welcome && !reply.IsCompatible)
            verdict = HandshakeVerdict.Protocol;
        if (options.Tls is { } identified)
            RequireNameOf(reply.Hello.NodeId, identified, stream);
        return new Introduction(reply.Hello, verdict, seal);
    }

    private static byte[] HearAnswer(FrameReader reader, TransportOptions options, out FrameType type, Deadline deadline)
    {
        try
        {
            return reader.Read(out type, deadline).ToArray();
        }
        catch (ConnectionLostException e) when (e.Reset && options.Tls is not null)
        {
            // Under TLS 1.3 this reset is the only sign for the dialler that its certificate was refused.
            throw new ConnectionLostException($"{e.Message}; it may not trust this node's certificate", e.Reset);
        }
    }

    private static void RequireNameOf(string nodeId, PeerTls tls, PeerStream stream)
    {
        if (!tls.AnyNodeId && !CertificateCheck.Names(stream.PeerCertificate!, nodeId))
            throw new NotAuthenticatedException(
                $"its certificate is not that of {nodeId}, but of {CertificateCheck.NameOf(stream.PeerCertificate!)}");
    }

    /// <summary>
    /// Answers the challenge and checks the proof of the acceptor. Returns the answer to the introduction without this proof.
    /// </summary>
    private static byte[] Prove(PeerSecret secret, byte[] hello, byte[] challenge, ref FrameType type, PeerStream stream,
        FrameReader reader, Deadline deadline, out FrameSeal seal)
    {
        ThrowIfTurnedAway(type, challenge);
        if (type == FrameType.HelloReply)
            throw new NotAuthenticatedException("it does not ask for the cluster's secret (PeerSecrets)");
        if (type != FrameType.Challenge || challenge.Length != PeerSecret.NonceBytes)
            throw new WireFormatException($"the answer to the introduction is of type {(byte)type}");
        stream.SendAll(Handshake.Envelop(secret.DiallersProof(hello, challenge), FrameType.Proof), deadline);
        var answer = reader.Read(out type, deadline).Span;
        ThrowIfTurnedAway(type, answer);
        if (type != FrameType.HelloReply || answer.Length <= PeerSecret.ProofBytes)
            throw new WireFormatException($"the answer to the proof is of type {(byte)type}");
        var reply = answer[..^PeerSecret.ProofBytes].ToArray();
        if (!PeerSecret.AreEqual(answer[^PeerSecret.ProofBytes..], secret.AcceptorsProof(hello, challenge, reply)))
            throw new NotAuthenticatedException("it has another secret than this node (PeerSecrets)");
        seal = secret.SealFor(hello, challenge, reply);
        return reply;
    }

    /// <summary>
    /// Throws if the acceptor refused the proof of this node, which is the only answer that has no proof of the acceptor.
    /// </summary>
    private static void ThrowIfTurnedAway(FrameType type, ReadOnlySpan<byte> payload)
    {
        if (type == FrameType.HelloReply && !payload.IsEmpty && payload[0] == (byte)HandshakeVerdict.NotAuthenticated)
            throw new NotAuthenticatedException(
                "it does not believe that this node is who it says: another secret (PeerSecrets), or the certificate of "
                + "another node (PeerTls)");
    }

    private static IPAddress[] Resolve(HostAndPort target)
    {
        try
        {
            return target.Resolve();
        }
        catch (SocketException e)
        {
            throw ConnectionLostException.Because(e.SocketErrorCode);
        }
    }
}
