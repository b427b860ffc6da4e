using System.Net;
using System.Net.Sockets;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Transport;

/// <summary>
/// The outgoing link to one peer: a thread that dials until it succeeds, then watches the connection until it is lost, for as long as the
/// peer is wanted.
/// </summary>
internal sealed class PeerLink
{
    private const int MaxComplaints = 32;

    private readonly TransportContext _context;
    private readonly Func<string, bool> _hearsFrom;
    private readonly ManualResetEventSlim _wake = new();
    private readonly ReconnectPolicy _reconnect;
    private readonly AddressMemory _memory = new();
    private readonly Thread _thread;

    private volatile bool _stopped;
    private volatile Member _member;
    private volatile string[] _addresses;
    private volatile string _address;
    private volatile OutboundConnection? _connection;
    private volatile Socket? _socket;
    private volatile PeerHello? _peer;

    /// <summary>The reasons logged for not being connected: each is logged once, not once per attempt.</summary>
    private readonly HashSet<string> _complaints = [];

    /// <summary>
    /// The connection was lost because the peer was silent. A refused attempt to connect then shows that its process has ended, and is
    /// reported.
    /// </summary>
    private bool _lostInSilence;

    /// <param name="hearsFrom">Whether a node has an accepted connection to this node.</param>
    public PeerLink(TransportContext context, Member member, Func<string, bool> hearsFrom)
    {
        (_context, _member, _hearsFrom) = (context, member, hearsFrom);
        _addresses = AddressesOf(member);
        _address = _addresses[0];
        _reconnect = new ReconnectPolicy(context.Options, SeedFor(member), _wake);
        _thread = ThreadStarter.Start(() => context.NewThread(Run, $"peer-{member.NodeId}"));
    }

    public string NodeId => _member.NodeId;

    /// <summary>The current connection; null while there is none.</summary>
    public OutboundConnection? Connection => _connection;

    /// <summary>
    /// Takes over changes of the member without a new connection, if the current one still leads to it. False: the caller must replace this
    /// link by a new one.
    /// </summary>
    public bool TryRetarget(Member member)
    {
        var known = _member;
        var addresses = AddressesOf(member);
        if (_connection is null ? !addresses.SequenceEqual(_addresses) : !addresses.Contains(_address))
            return false;
        // The first configuration does not have the incarnations; learning the incarnation of the connected peer changes nothing.
        if (member.Incarnation != known.Incarnation && member.Incarnation != _peer?.Incarnation)
            return false;
        _member = member;
        _addresses = addresses;
        return true;
    }

    /// <summary>Ends the link. Any thread; does not wait. Nothing is reported about the peer's connection afterwards.</summary>
    public void Stop()
    {
        _stopped = true;
        _wake.Set();
        if (_socket is { } socket)
            SocketSetup.Hangup(socket);
    }

    /// <summary>
    /// Starts the next attempt at once: the peer has just introduced itself, so it can most likely be reached. Any thread; does not wait.
    /// </summary>
    public void Hurry()
    {
        if (_connection is null)
            _wake.Set();
    }

    public bool Join(TimeSpan timeout) => Thread.CurrentThread == _thread || _thread.Join(timeout);

    private void Run()
    {
        try
        {
            while (!_stopped)
                _reconnect.Run(Attempt);
        }
        catch (Exception e)
        {
            _context.Logger.Unexpected(e, NodeId);
        }
    }

    private DialOutcome Attempt()
    {
        var member = _member;
        try
        {
            var outcome = _stopped ? DialOutcome.Stopped : DialAndServe(member);
            if (outcome == DialOutcome.Refused)
                LookElsewhere();
            return outcome;
        }
        catch (ConnectionLostException e)
        {
            Complain(e.Message, () => _context.Logger.CannotConnect(member.NodeId, _address, e.Message));
            if (e.Reset && _lostInSilence && !_hearsFrom(member.NodeId))
            {
                _lostInSilence = false;
                Report(() => _context.Handler.OnDisconnected(member.NodeId, reset: true));
            }
        }
        catch (Exception e) when (e is WireFormatException or NotAuthenticatedException)
        {
            _context.Counters.Invalid();
            Complain(e.Message, () => _context.Logger.CannotConnect(member.NodeId, _address, e.Message));
        }
        catch (Exception e)
        {
            Complain(e.Message, () => _context.Logger.Unexpected(e, member.NodeId));
        }
        LookElsewhere();
        return DialOutcome.Failed;
    }

    /// <summary>The next attempt is made at the next address.</summary>
    private void LookElsewhere()
    {
        var addresses = _addresses;
        _address = addresses[(Array.IndexOf(addresses, _address) + 1) % addresses.Length];
    }

    private string[] AddressesOf(Member member) => [.. _context.Handler.AddressesOf(member.NodeId).Prepend(member.Address).Distinct()];

    private DialOutcome DialAndServe(Member member)
    {
        using var socket = Dialer.Connect(_address, _context.Options, Deadline.After(_context.Options.ConnectTimeout), _memory);
        _socket = socket;
        // Until the peer has introduced itself, the address counts as failed.
        var reached = ((IPEndPoint)socket.RemoteEndPoint!).Address;
        _memory.Failed(_address, reached);
        try
        {
            // Stop sets its flag before it reads the socket. With this barrier between storing the socket and reading the flag, Stop sees
            // the socket, or this thread sees the flag.
            Interlocked.MemoryBarrier();
            if (_stopped)
                return DialOutcome.Stopped;
            using var stream = new PeerStream(socket);
            var introduction = Dialer.Introduce(stream, _context.Self(member), _context.Options,
                Deadline.After(_context.Options.HandshakeTimeout));
            using var seal = introduction.Seal;
            var verdict = introduction.Verdict;
            if (verdict == HandshakeVerdict.Welcome)
                verdict = introduction.Peer.JudgeAs(member, _context.Handler.Identity.ClusterId);
            if (verdict == HandshakeVerdict.Welcome)
                verdict = _context.Handler.OnAnswer(introduction.Peer);
            if (verdict == HandshakeVerdict.Welcome)
            {
                _memory.Worked(_address, reached);
                return Serve(member, introduction, stream);
            }
            Complain(verdict.ToString(), () => _context.Logger.RefusedByPeer(member.NodeId, _address, verdict.InWords()));
            Report(() => _context.Handler.OnTurnedAway(member, introduction.Peer, verdict, _address));
            return DialOutcome.Refused;
        }
        finally
        {
            _socket = null;
        }
    }

    private DialOutcome Serve(Member member, Introduction introduction, PeerStream stream)
    {
        var useful = Deadline.After(2 * _context.Options.MaxReconnectDelay);
        var hello = introduction.Peer;
        var connection = new OutboundConnection(_context, member.NodeId, stream, introduction.Seal, introduction.Peer.AcceptsParts);
        ConnectionLostException end;
        try
        {
            _complaints.Clear();
            _peer = hello;
            _connection = connection;
            _context.Logger.Connected(member.NodeId, _address);
            Report(() => _context.Handler.OnConnected(hello, _address));
            end = connection.WaitForEnd();
        }
        finally
        {
            _connection = null;
            _peer = null;
            connection.Close();
        }
        if (_stopped)
            return DialOutcome.Stopped;
        _lostInSilence = !end.Reset;
        _context.Logger.ConnectionLost(member.NodeId, end.Message);
        Report(() => _context.Handler.OnDisconnected(member.NodeId, end.Reset));
        return useful.HasPassed ? DialOutcome.Ended : DialOutcome.Failed;
    }

    private void Report(Action report)
    {
        if (!_stopped)
            report();
    }

    private void Complain(string complaint, Action log)
    {
        if (_stopped || _complaints.Count >= MaxComplaints || !_complaints.Add(_address + complaint))
            return;
        log();
    }

    /// <summary>The seed of the jitter. It is not made from string.GetHashCode, which differs from run to run.</summary>
    private ulong SeedFor(Member member)
    {
        var seed = _context.Options.Seed;
        foreach (var c in member.NodeId)
            seed = new Prng(seed ^ c).Next();
        return seed;
    }
}
