using System.Net;
using System.Net.Sockets;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Transport;

/// <summary>
/// The transport over TCP. Each node dials every other node to send to it, so that two nodes have two connections, each with one direction.
/// All threads are dedicated ones that may block; none belongs to the pool, which the application may have starved.
/// </summary>
internal sealed class TcpTransport : ITransport
{
    private const int Backlog = 512;

    internal static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(3);

    private readonly TransportOptions _options;
    private readonly Socket _listener;
    private readonly object _gate = new();
    private readonly ManualResetEventSlim _stop = new();

    private TransportContext? _context;
    private InboundConnections? _inbound;
    private Thread? _acceptor;
    private volatile PeerLink[] _links = [];
    private bool _disposed;

    /// <summary>
    /// Binds and listens, so that a wrong or taken address is known at once; accepts no connection before <see cref="Start"/>.
    /// </summary>
    /// <exception cref="InvalidOperationException">The address cannot be listened on; the message says why and what to do.</exception>
    public TcpTransport(TransportOptions options)
    {
        _options = options;
        _listener = Listen(options.ListenAddress);
        ListenEndPoint = _listener.LocalEndPoint!.ToString()!;
        options.Logger.Listening(ListenEndPoint);
    }

    public string ListenEndPoint { get; }

    /// <summary>Replaces the secrets for the connections that are made from now on. Any thread.</summary>
    public void ReplaceSecrets(IEnumerable<string> secrets) => _options.Secrets = TransportSetup.SecretsOf(secrets);

    public string AdvertisedAddress => _options.AdvertiseAddress ?? ListenEndPoint;

    public TransportCounters Counters { get; } = new();

    public void Start(ITransportHandler handler)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            _context = new TransportContext(_options, Counters, handler, AdvertisedAddress);
            _inbound = new InboundConnections(_context, Hurry);
            _acceptor = _context.NewThread(Accept, "accept");
            _acceptor.Start();
        }
    }

    public void SetPeers(IReadOnlyList<Member> peers)
    {
        lock (_gate)
        {
            if (_disposed)
                return;
            var context = Started();
            var links = new List<PeerLink>(peers.Count);
            foreach (var peer in peers)
            {
                if (peer.NodeId == context.NodeId)
                    continue;
                var link = Array.Find(_links, l => l.NodeId == peer.NodeId);
                if (link is null || !link.TryRetarget(peer))
                {
                    link?.Stop();
                    link = new PeerLink(context, peer, _inbound!.HearsFrom);
                }
                links.Add(link);
            }
            foreach (var link in _links)
            {
                if (!links.Contains(link))
                    link.Stop();
            }
            _links = [.. links];
        }
    }

    public void HangUp() => _inbound?.HangUpAll();

    public bool Send(string nodeId, PeerMessage message)
    {
        foreach (var link in _links)
        {
            if (link.NodeId == nodeId && link.Connection is { } connection)
                return connection.Send(message);
        }
        // Not connected, or not a peer.
        Counters.Dropped();
        return false;
    }

    public bool IsConnected(string nodeId) => Array.Find(_links, l => l.NodeId == nodeId) is { Connection: not null };

    public void Flush()
    {
        foreach (var link in _links)
            link.Connection?.Flush();
    }

    public async Task<PeerHello> ProbeAsync(string address, TimeSpan timeout, CancellationToken cancellationToken, bool wantsToJoin = false)
    {
        var answer = StartProbe(address, timeout, wantsToJoin);
        try
        {
            return await answer.WaitAsync(timeout, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            var reason = e is TimeoutException ? "no answer in time" : e.Message;
            throw new RaftKvUnavailableException(RaftKvUnavailableReason.NoLeader,
                $"There is no node to be reached at {address}: {reason}.", e);
        }
    }

    /// <summary>
    /// Waits on the calling thread and needs no thread of the pool. The probe has a thread of its own all the same: resolving a name has no
    /// time limit and cannot be cancelled.
    /// </summary>
    public PeerHello? TryProbe(string address, TimeSpan timeout, CancellationToken cancellationToken, bool wantsToJoin = false)
    {
        try
        {
            var answer = StartProbe(address, timeout, wantsToJoin);
            return answer.Wait(timeout, cancellationToken) ? answer.Result : null;
        }
        catch (Exception e) when (e is AggregateException or RaftKvUnavailableException or OperationCanceledException)
        {
            return null;
        }
    }

    /// <summary>Ends all connections and threads. Waits at most 3 seconds for threads that are inside the handler.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_disposed)
                return;
            _disposed = true;
        }
        _stop.Set();
        _context?.Stop();
        _listener.Dispose();
        var links = _links;
        foreach (var link in links)
            link.Stop();
        var inbound = _inbound?.Close() ?? [];
        var deadline = Deadline.After(StopTimeout);
        if (_acceptor is not null && _acceptor != Thread.CurrentThread)
            _acceptor.Join(deadline.Remaining);
        foreach (var link in links)
            link.Join(deadline.Remaining);
        foreach (var connection in inbound)
            connection.Join(deadline.Remaining);
    }

    private TransportContext Started() => _context ?? throw new InvalidOperationException("The transport has not been started.");

    /// <summary>Dials a node that has just connected to this one at once, however long it was away.</summary>
    private void Hurry(string nodeId) => Array.Find(_links, l => l.NodeId == nodeId)?.Hurry();

    /// <summary>Begins a probe on a new thread. Its exception counts as observed, also when the caller no longer waits for it.</summary>
    private Task<PeerHello> StartProbe(string address, TimeSpan timeout, bool wantsToJoin)
    {
        var context = Started();
        var answer = new TaskCompletionSource<PeerHello>(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            context.NewThread(() => Probe(context, address, timeout, wantsToJoin, answer), "probe").Start();
        }
        catch (Exception e) when (ResourceRetry.IsTransient(e))
        {
            throw new RaftKvUnavailableException(RaftKvUnavailableReason.NoLeader,
                $"The node at {address} was not asked: this machine is out of threads. Retry after a pause.", e);
        }
        return answer.Task;
    }

    private static void Probe(TransportContext context, string address, TimeSpan timeout, bool wantsToJoin,
        TaskCompletionSource<PeerHello> answer)
    {
        try
        {
            var (peer, verdict) = Dialer.Probe(context, address, Deadline.After(timeout), wantsToJoin);
            if (verdict != HandshakeVerdict.Welcome)
                throw new ConnectionLostException($"it answered {verdict}", reset: false);
            answer.TrySetResult(peer);
        }
        catch (Exception e)
        {
            answer.TrySetException(e);
            // An exception that is never read would raise TaskScheduler.UnobservedTaskException in the application.
            _ = answer.Task.Exception;
        }
    }

    private void Accept()
    {
        while (!_stop.IsSet)
        {
            try
            {
                Admit(_listener.Accept());
            }
            catch (Exception e)
            {
                if (_stop.IsSet)
                    return;
                // Out of file descriptors or memory, or a peer that left while it waited: none is a reason to stop listening.
                if (_context!.Throttle.Allows("accept"))
                    _options.Logger.AcceptFailed(e.Message);
                _stop.Wait(TimeSpan.FromMilliseconds(50));
            }
        }
    }

    private void Admit(Socket socket)
    {
        InboundConnection? connection = null;
        try
        {
            connection = new InboundConnection(_context!, _inbound!, socket);
            if (_inbound!.TryAdd(connection))
                connection.Start();
            else
                socket.Dispose();
        }
        catch
        {
            if (connection is not null)
                _inbound!.Remove(connection);
            socket.Dispose();
            throw;
        }
    }

    private static Socket Listen(string address)
    {
        if (!HostAndPort.TryParse(address, out var parsed))
            throw new InvalidOperationException(
                $"Cannot listen on '{address}': it is not host:port, such as 127.0.0.1:1111 or [::1]:1111.");
        Socket? socket = null;
        try
        {
            // A name such as localhost may have IPv4 and IPv6 addresses; every peer can dial the IPv4 address.
            var ip = parsed.Resolve().OrderBy(a => a.AddressFamily == AddressFamily.InterNetwork ? 0 : 1).First();
            socket = new Socket(ip.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            if (ip.Equals(IPAddress.IPv6Any))
                socket.DualMode = true;
            socket.Bind(new IPEndPoint(ip, parsed.Port));
            socket.Listen(Backlog);
            return socket;
        }
        catch (SocketException e)
        {
            socket?.Dispose();
            throw new InvalidOperationException($"Cannot listen on {address}: {Explain(e.SocketErrorCode)}", e);
        }
    }

    private static string Explain(SocketError error) => error switch
    {
        SocketError.AddressAlreadyInUse => "address already in use. Choose another ListenAddress or stop the process that has it.",
        SocketError.AddressNotAvailable => "this machine has no such address. Choose one of its own, or 0.0.0.0 for all.",
        SocketError.AccessDenied => "permission denied. Ports below 1024 need a privilege; choose a higher one.",
        SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain => "the name cannot be resolved.",
        _ => $"{error}.",
    };
}
