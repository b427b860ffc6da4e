using System.Net;
using System.Net.Sockets;

namespace RaftKv.Embedded.Transport;

/// <summary>The socket options of every connection between peers.</summary>
internal static class SocketSetup
{
    private const int IpProtoTcp = 6;
    private const int TcpUserTimeout = 18;
    private const int TcpNotSentLowWater = 25;

    public static void Apply(Socket socket, TransportOptions options)
    {
        socket.NoDelay = true;
        // Keep-alive detects a dead peer on a connection that only receives, TCP_USER_TIMEOUT on a connection that sends.
        var seconds = Math.Max(1, (int)options.UnacknowledgedTimeout.TotalSeconds);
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, seconds);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 1);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, 3);
        if (!OperatingSystem.IsLinux())
            return;
        socket.SetRawSocketOption(IpProtoTcp, TcpUserTimeout, BitConverter.GetBytes((int)options.UnacknowledgedTimeout.TotalMilliseconds));
        // An urgent message cannot overtake bytes that the kernel has taken and not sent yet, so these are limited.
        socket.SetRawSocketOption(IpProtoTcp, TcpNotSentLowWater, BitConverter.GetBytes(OutboundQueue.SliceBytes));
    }

    /// <summary>
    /// The address of the peer; <c>null</c> when the connection was reset as soon as it was made. The kernel does not know the address of a
    /// connection that has ended.
    /// </summary>
    public static IPEndPoint? RemoteEndPointOf(Socket socket)
    {
        try
        {
            return socket.RemoteEndPoint as IPEndPoint;
        }
        catch (SocketException)
        {
            return null;
        }
    }

    /// <summary>Ends both directions, which wakes every thread that waits on the socket; the thread that owns it disposes it.</summary>
    public static void Hangup(Socket socket)
    {
        try
        {
            socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The socket is closed already.
        }
    }
}
