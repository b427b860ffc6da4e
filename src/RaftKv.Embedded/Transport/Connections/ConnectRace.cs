using System.Net;
using System.Net.Sockets;

namespace RaftKv.Embedded.Transport;

/// <summary>
/// Connects to one of several addresses of a name (RFC 8305). The attempts start one after the other, a quarter of a second apart, or at
/// once when the one before has failed; the first that succeeds wins. An address that does not answer thus costs a quarter of a second, not
/// the whole timeout.
/// </summary>
internal sealed class ConnectRace(TransportOptions options, Deadline deadline)
{
    /// <summary>RFC 8305, section 8: Connection Attempt Delay.</summary>
    private static readonly TimeSpan AttemptDelay = TimeSpan.FromMilliseconds(250);

    private readonly List<Socket> _attempts = [];
    private ConnectionLostException? _failure;
    private Socket? _winner;

    /// <returns>A connected, non-blocking socket.</returns>
    /// <exception cref="ConnectionLostException">No address answers within the deadline.</exception>
    public Socket Connect(IReadOnlyList<IPEndPoint> candidates)
    {
        try
        {
            var next = 0;
            while (_winner is null)
            {
                if (next < candidates.Count)
                    Start(candidates[next++]);
                else if (_attempts.Count == 0)
                    throw _failure ?? ConnectionLostException.Because(SocketError.NoData);
                var stagger = Deadline.After(AttemptDelay);
                // Without an attempt in progress the next one starts at once.
                while (_winner is null && _attempts.Count > 0 && !(next < candidates.Count && stagger.HasPassed))
                {
                    if (!Wait(next < candidates.Count ? Min(stagger.Remaining, deadline.Remaining) : deadline.Remaining))
                        break;
                }
                if (_winner is null && deadline.HasPassed)
                    throw ConnectionLostException.Timeout("connection");
            }
            return _winner;
        }
        finally
        {
            foreach (var attempt in _attempts)
                attempt.Dispose();
        }
    }

    private void Start(IPEndPoint endPoint)
    {
        Socket? socket = null;
        try
        {
            socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            SocketSetup.Apply(socket, options);
            socket.Blocking = false;
            socket.Connect(endPoint);
            Finish(socket);
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.WouldBlock or SocketError.InProgress)
        {
            _attempts.Add(socket!);
        }
        catch (SocketException e)
        {
            // For example a machine without IPv6 asked for an IPv6 socket.
            _failure = ConnectionLostException.Because(e.SocketErrorCode);
            socket?.Dispose();
        }
    }

    /// <summary>
    /// Waits until an attempt ends or the time has passed. True: no attempt has ended and the deadline has not passed. False: an attempt
    /// has ended, so that the next one may start, or the deadline has passed.
    /// </summary>
    private bool Wait(TimeSpan time)
    {
        var ended = new List<Socket>(_attempts);
        var failed = new List<Socket>(_attempts);
        Socket.Select(null, ended, failed, time);
        var before = _attempts.Count;
        foreach (var socket in ended.Union(failed))
        {
            _attempts.Remove(socket);
            if (_winner is null)
                Finish(socket);
            else
                socket.Dispose();
        }
        return _attempts.Count == before && !deadline.HasPassed;
    }

    private void Finish(Socket socket)
    {
        var error = (SocketError)(int)socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Error)!;
        if (error == SocketError.Success)
        {
            var remote = SocketSetup.RemoteEndPointOf(socket);
            // A connection to a local port without a listener may connect to itself (TCP simultaneous open).
            error = remote is null ? SocketError.ConnectionReset
                : remote.Equals(socket.LocalEndPoint) ? SocketError.ConnectionRefused
                : SocketError.Success;
        }
        if (error == SocketError.Success)
        {
            _winner = socket;
            return;
        }
        _failure = ConnectionLostException.Because(error);
        socket.Dispose();
    }

    private static TimeSpan Min(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
