using System.Net.Sockets;
using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Transport;

/// <summary>
/// One accepted connection and its thread: reads the introduction, answers, and delivers messages until the connection ends. Only the
/// answers to the introduction are sent on it.
/// </summary>
internal sealed class InboundConnection
{
    private readonly TransportContext _context;
    private readonly InboundConnections _all;
    private readonly Socket _socket;
    private readonly PeerStream _stream;
    private readonly FrameReader _reader;
    private readonly Thread _thread;
    private readonly string _remote;

    private volatile bool _unwanted;
    private FrameSeal? _seal;
    private bool _sawUnknown;

    public InboundConnection(TransportContext context, InboundConnections all, Socket socket)
    {
        (_context, _all, _socket) = (context, all, socket);
        _stream = new PeerStream(socket);
        _reader = new FrameReader(_stream);
        _remote = SocketSetup.RemoteEndPointOf(socket)?.Address.ToString() ?? "?";
        _thread = context.NewThread(Run, "receive");
    }

    /// <summary>
    /// Null until the peer has introduced itself and is welcome; set once, by <see cref="InboundConnections"/> under its lock.
    /// </summary>
    public PeerHello? Peer { get; set; }

    public string? NodeId => Peer?.NodeId;

    public void Start() => _thread.Start();

    /// <summary>Ends the connection; its end is not logged. Any thread; does not wait.</summary>
    public void Hangup()
    {
        _unwanted = true;
        SocketSetup.Hangup(_socket);
    }

    public bool Join(TimeSpan timeout) => Thread.CurrentThread == _thread || _thread.Join(timeout);

    private void Run()
    {
        var reset = false;
        try
        {
            if (Introduce())
                Deliver();
        }
        catch (ConnectionLostException e)
        {
            reset = e.Reset;
            LogEnd(e.Message);
        }
        catch (SocketException e)
        {
            LogEnd(e.Message);
        }
        catch (WireFormatException e)
        {
            _context.Counters.Invalid();
            if (!_unwanted && _context.Throttle.Allows(_remote))
                _context.Logger.InvalidInput(_remote, e.Message, LogThrottle.Seconds);
        }
        catch (NotAuthenticatedException e)
        {
            _context.Counters.Refused();
            LogNotAuthenticated(e.Message);
        }
        catch (Exception e)
        {
            // A connection that was ended may have been disposed of while it was used.
            if (!_context.IsStopping && !(_unwanted && e is ObjectDisposedException))
                _context.Logger.Unexpected(e, NodeId ?? _remote);
        }
        finally
        {
            _stream.Dispose();
            _socket.Dispose();
            _seal?.Dispose();
            End(reset);
        }
    }

    /// <summary>
    /// Makes the handshake. True if the peer may send messages; false if it is refused, and for a probe, which only asks which node this
    /// is.
    /// </summary>
    private bool Introduce()
    {
        SocketSetup.Apply(_socket, _context.Options);
        var deadline = Deadline.After(_context.Options.HandshakeTimeout);
        if (_context.Options.Tls is { } tls)
            _stream.SecureAsAcceptor(tls, deadline);
        var payload = _reader.Read(out var type, deadline).ToArray();
        var handshake = Handshake.DecodeHello(type, payload);
        var hello = handshake.Hello;
        if (_context.Options.Tls is { AnyNodeId: false } && !CertificateCheck.Names(_stream.PeerCertificate!, hello.NodeId))
            throw Turned($"it calls itself {hello.NodeId}, and has the certificate of {CertificateCheck.NameOf(_stream.PeerCertificate!)}",
                deadline);
        var proof = _context.Options.Secrets.Count > 0 ? AskForSecret(handshake, payload, deadline) : null;
        // The introduction has no effect before the peer has proven its identity.
        var verdict = !handshake.IsCompatible ? HandshakeVerdict.Protocol
            : hello is { IsProbe: true, WantsToJoin: false } ? HandshakeVerdict.Welcome
            : !hello.IsProbe && IsSecondProcess(hello) ? HandshakeVerdict.SecondProcess
            : _context.Handler.OnHello(hello);
        // The own identity is read after OnHello, which may have made this node a member of the peer's cluster.
        var self = _context.Self();
        var own = hello.WantsToJoin ? self with { JoinAnswer = _context.Handler.AnswerToJoin(hello) } : self;
        var reply = Handshake.Of(own).EncodeReplyPayload(verdict);
        if (proof is not null)
            (reply, _seal) = proof.Complete(reply);
        var welcome = verdict == HandshakeVerdict.Welcome && !hello.IsProbe;
        if (welcome)
        {
            // Registered before the answer is sent, so that the peer is known when its first message arrives. A second connection of a node
            // replaces its first one.
            if (!_all.TryIntroduce(this, hello, deadline))
                throw ConnectionLostException.Timeout("introduction");
            _reader.Admit(_context.Options.MaxFrameBytes, _seal);
        }
        _stream.SendAll(Handshake.Envelop(reply, FrameType.HelloReply), deadline);
        if (welcome)
        {
            _context.Logger.PeerAccepted(hello.NodeId, _remote);
        }
        else if (!hello.IsProbe)
        {
            _context.Counters.Refused();
            if (_context.Throttle.Allows(_remote + hello.NodeId + verdict))
                _context.Logger.PeerRefused(hello.NodeId, _remote, verdict.InWords(), LogThrottle.Seconds);
        }
        return welcome;
    }

    /// <summary>
    /// Whether two running processes have the same identity, and the dialler is the later one. The earlier process is probed: after a crash
    /// of its machine, its connection may still exist here, and then the dialler is only the next start of that node.
    /// </summary>
    private bool IsSecondProcess(PeerHello hello)
    {
        if (hello.Process == Guid.Empty || _all.PeerCalled(hello.NodeId) is not { } earlier || earlier.Process == Guid.Empty)
            return false;
        if (earlier.Process == hello.Process || earlier.Incarnation != hello.Incarnation
            || (earlier.StartedAt, earlier.Process).CompareTo((hello.StartedAt, hello.Process)) > 0)
            return false;
        try
        {
            var (answer, _) = Dialer.Probe(_context, earlier.Address, Deadline.After(_context.Options.ConnectTimeout));
            return answer.Process == earlier.Process;
        }
        catch (Exception e) when (e is ConnectionLostException or WireFormatException or NotAuthenticatedException or SocketException)
        {
            return false;
        }
    }

    /// <summary>Requires from the dialler a proof of one of the secrets that this node accepts.</summary>
    private SecretProof AskForSecret(Handshake handshake, byte[] hello, Deadline deadline)
    {
        if (handshake.Nonce is null)
            throw Turned("it has no secret", deadline);
        var challenge = PeerSecret.NewNonce();
        _stream.SendAll(Handshake.Envelop(challenge, FrameType.Challenge), deadline);
        var proof = _reader.Read(out var type, deadline);
        if (type != FrameType.Proof)
            throw new WireFormatException($"the answer to the challenge is of type {(byte)type}");
        foreach (var secret in _context.Options.Secrets)
        {
            if (PeerSecret.AreEqual(proof.Span, secret.DiallersProof(hello, challenge)))
                return new SecretProof(secret, hello, challenge);
        }
        throw Turned("its secret is not one of this cluster", deadline);
    }

    /// <summary>Tells the dialler that it is not authenticated, without information about this node.</summary>
    private NotAuthenticatedException Turned(string reason, Deadline deadline)
    {
        _stream.SendAll(Handshake.Of(new PeerHello { NodeId = "?" }).EncodeReply(HandshakeVerdict.NotAuthenticated), deadline);
        return new NotAuthenticatedException(reason);
    }

    private void Deliver()
    {
        var parts = new PartAssembler(_context.Options.MaxFrameBytes);
        while (!_unwanted)
        {
            var payload = _reader.Read(out var type);
            if (type == FrameType.Part && !parts.TryComplete(payload, out type, out payload))
            {
                // More parts of the frame follow.
            }
            else if (MessageDecoder.Read(type, payload) is { } message)
            {
                _context.Handler.OnMessage(Peer!, message);
            }
            else
            {
                _context.Counters.Unknown();
                if (!_sawUnknown)
                    _context.Logger.UnknownMessage(NodeId!, (byte)type);
                _sawUnknown = true;
            }
            if (!_reader.HasFrame)
                _context.Handler.OnPause();
        }
    }

    private void LogNotAuthenticated(string reason)
    {
        if (!_unwanted && _context.Throttle.Allows("proof " + _remote))
            _context.Logger.NotAuthenticated(_remote, reason, LogThrottle.Seconds);
    }

    private void LogEnd(string reason)
    {
        if (_unwanted)
            return;
        if (NodeId is null)
            _context.Logger.NoIntroduction(_remote, reason);
        else
            _context.Logger.PeerLost(NodeId, reason);
    }

    private void End(bool reset)
    {
        try
        {
            // The end of a connection that a newer one replaced is not reported: the peer is still connected.
            if (_all.Remove(this) && !_context.IsStopping)
                _context.Handler.OnDisconnected(NodeId!, reset);
        }
        catch (Exception e)
        {
            _context.Logger.Unexpected(e, NodeId ?? _remote);
        }
    }

    /// <summary>The secret that a dialler has proven, and the messages that its proof covers.</summary>
    private sealed record SecretProof(PeerSecret Secret, byte[] Hello, byte[] Challenge)
    {
        /// <summary>Adds the proof of this node to the answer, and makes the seal of the frames that follow.</summary>
        public (byte[] Reply, FrameSeal Seal) Complete(byte[] reply) =>
            ([.. reply, .. Secret.AcceptorsProof(Hello, Challenge, reply)], Secret.SealFor(Hello, Challenge, reply));
    }
}
