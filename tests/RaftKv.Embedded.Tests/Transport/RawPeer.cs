using System.Net;
using System.Net.Sockets;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Transport;

namespace RaftKv.Embedded.Tests.Transport;

/// <summary>A socket to a node's peer port, on which a test can send anything.</summary>
internal sealed class RawPeer : IDisposable
{
    private readonly TransportNode _to;
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveTimeout = 20_000, SendTimeout = 20_000 };

    public RawPeer(TransportNode to)
    {
        _to = to;
        _socket.Connect(IPEndPoint.Parse(to.Address));
    }

    public void Send(byte[] bytes)
    {
        try
        {
            _socket.Send(bytes);
        }
        catch (SocketException)
        {
            // The other side may close before it has read everything.
        }
    }

    public void SendIntroduction(string nodeId) =>
        Send(Handshake.Of(new PeerHello
        {
            NodeId = nodeId,
            ClusterId = TransportNode.Cluster,
            TargetNodeId = _to.Handler.Identity.NodeId,
        }).EncodeHello());

    public HandshakeVerdict IntroduceAs(string nodeId)
    {
        SendIntroduction(nodeId);
        var frame = Receive(Frame.HeaderBytes);
        var rest = Receive(Frame.ReadHeader(frame, Frame.MaxHandshakePayload, out var type) - Frame.HeaderBytes);
        Handshake.DecodeReply(type, Frame.Open((byte[])[.. frame, .. rest]), out var verdict);
        return verdict;
    }

    public void Send(PeerMessage message) => Send(SampleMessages.Encode(message));

    /// <summary>Waits for the end of the connection; false if it does not end in 20 s.</summary>
    public bool IsClosedByOtherSide()
    {
        var bytes = new byte[4096];
        while (true)
        {
            var received = _socket.Receive(bytes, 0, bytes.Length, SocketFlags.None, out var error);
            if (error is SocketError.TimedOut or SocketError.WouldBlock)
                return false;
            if (received == 0)
                return true;
        }
    }

    public void Reset() => _socket.Close(0);

    public void Dispose() => _socket.Dispose();

    private byte[] Receive(int count)
    {
        var bytes = new byte[count];
        for (var filled = 0; filled < count;)
        {
            var received = _socket.Receive(bytes, filled, count - filled, SocketFlags.None);
            if (received == 0)
                throw new EndOfStreamException();
            filled += received;
        }
        return bytes;
    }
}
