using System.Net;
using System.Net.Sockets;

namespace RaftKv.Embedded.Transport;

/// <summary>Makes one connection and exchanges introductions, all on the calling thread and within a bound.</summary>
internal static class Dialer
{
    /// <summary>Connects to the first address behind a name that answers. The socket does not block.</summary>
    /// <exception cref="ConnectionLostException">None does.</exception>
    public static Socket Connect(string address, TransportOptions options, Deadline deadline)
    {
        if (!HostAndPort.TryParse(address, out var target))
            throw new ConnectionLostException("the address is not host:port", reset: false);
        ConnectionLostException? failure = null;
        foreach (var candidate in Resolve(target))
        {
            try
            {
                return Connect(new IPEndPoint(candidate, target.Port), options, deadline);
            }
            catch (ConnectionLostException e)
            {
                failure = e;
            }
            catch (SocketException e)
            {
                // For example a machine without IPv6 asked for an IPv6 socket.
                failure = ConnectionLostException.Because(e.SocketErrorCode);
            }
        }
        throw failure ?? ConnectionLostException.Because(SocketError.NoData);
    }

    /// <summary>Introduces ourselves and hears who answered.</summary>
    /// <exception cref="ConnectionLostException">No answer.</exception>
    /// <exception cref="WireFormatException">An answer that is none of ours.</exception>
    public static PeerHello Introduce(Socket socket, PeerHello self, TransportCounters counters, Deadline deadline, out HandshakeVerdict verdict)
    {
        SendAll(socket, Handshake.Of(self).EncodeHello(), deadline);
        var reader = new FrameReader(socket, counters);
        var payload = reader.Read(out var type, deadline);
        var reply = Handshake.DecodeReply(type, payload, out verdict);
        if (reader.Buffered > 0)
            throw new WireFormatException("data behind the answer to the introduction");
        if (verdict == HandshakeVerdict.Welcome && !reply.IsCompatible)
            verdict = HandshakeVerdict.Protocol;
        return reply.Hello;
    }

    public static void SendAll(Socket socket, ReadOnlySpan<byte> bytes, Deadline deadline)
    {
        while (!bytes.IsEmpty)
        {
            // What was sent counts even when the error says that the rest would have blocked.
            bytes = bytes[socket.Send(bytes, SocketFlags.None, out var error)..];
            if (error is not (SocketError.Success or SocketError.WouldBlock or SocketError.Interrupted))
                throw ConnectionLostException.Because(error);
            if (!bytes.IsEmpty && !socket.Poll(deadline.Remaining, SelectMode.SelectWrite))
                throw ConnectionLostException.Timeout("room for the introduction");
        }
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

    private static Socket Connect(IPEndPoint endPoint, TransportOptions options, Deadline deadline)
    {
        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            SocketSetup.Apply(socket, options);
            socket.Blocking = false;
            try
            {
                socket.Connect(endPoint);
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.WouldBlock or SocketError.InProgress)
            {
                if (!socket.Poll(deadline.Remaining, SelectMode.SelectWrite))
                    throw ConnectionLostException.Timeout("connection");
            }
            var error = (SocketError)(int)socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Error)!;
            if (error != SocketError.Success)
                throw ConnectionLostException.Because(error);
            // A dial to a port of this machine that nobody listens on may, as TCP goes, be answered by itself.
            if (socket.LocalEndPoint!.Equals(socket.RemoteEndPoint))
                throw ConnectionLostException.Because(SocketError.ConnectionRefused);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
