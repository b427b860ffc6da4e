using System.Net;
using System.Net.Sockets;
using RaftKv.Embedded.Transport;

namespace RaftKv.Fuzz.Targets;

/// <summary>A connection to a peer port that sends any bytes.</summary>
internal sealed class RawConnection : IDisposable
{
    /// <summary>Longer than a node waits for a whole introduction.</summary>
    private const int PatienceMs = 20_000;

    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveTimeout = PatienceMs, SendTimeout = PatienceMs, NoDelay = true };

    public RawConnection(string address)
    {
        // Closed with a reset, so that a million connections leave no ports in TIME_WAIT.
        _socket.LingerState = new LingerOption(true, 0);
        _socket.Connect(IPEndPoint.Parse(address));
    }

    public void Send(ReadOnlySpan<byte> bytes)
    {
        try
        {
            while (!bytes.IsEmpty)
                bytes = bytes[_socket.Send(bytes)..];
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.ConnectionReset or SocketError.Shutdown or SocketError.ConnectionAborted)
        {
            // The other side may close before it has read everything.
        }
    }

    /// <summary>
    /// Ends the sending direction, and waits until the other side closes the connection. Returns the bytes that the other side sent.
    /// </summary>
    public byte[] Finish()
    {
        var answer = new MemoryStream();
        Span<byte> buffer = stackalloc byte[4096];
        try
        {
            _socket.Shutdown(SocketShutdown.Send);
            while (_socket.Receive(buffer) is var received and > 0)
                answer.Write(buffer[..received]);
        }
        catch (SocketException e) when (e.SocketErrorCode is not (SocketError.TimedOut or SocketError.WouldBlock))
        {
            // A reset ends the connection too.
        }
        return answer.ToArray();
    }

    /// <summary>Receives the answer to an introduction.</summary>
    public HandshakeVerdict ReceiveVerdict()
    {
        var header = Receive(Frame.HeaderBytes);
        var rest = Receive(Frame.ReadHeader(header, Frame.MaxHandshakePayload, out var type) - Frame.HeaderBytes);
        Handshake.DecodeReply(type, Frame.Open((byte[])[.. header, .. rest]), out var verdict);
        return verdict;
    }

    public void Dispose() => _socket.Dispose();

    private byte[] Receive(int count)
    {
        var bytes = new byte[count];
        for (var filled = 0; filled < count;)
        {
            var received = _socket.Receive(bytes.AsSpan(filled));
            if (received == 0)
                throw new FindingException("the connection ended instead of an answer to a good introduction");
            filled += received;
        }
        return bytes;
    }
}
