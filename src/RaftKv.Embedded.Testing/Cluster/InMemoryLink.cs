using RaftKv.Embedded.Log;
using RaftKv.Embedded.Transport;

namespace RaftKv.Embedded.Testing;

/// <summary>
/// The connection of one node to one peer, dialled by the node and used only to send. Every message goes through the product's codec.
/// </summary>
internal sealed class InMemoryLink(InMemoryNetwork network, InMemoryTransport from, Member peer)
{
    private const long MaxWaitingBytes = 32 * 1024 * 1024;
    private const int MaxFrameBytes = 64 * 1024 * 1024;

    private static readonly TimeSpan DialPause = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan RefusedPause = TimeSpan.FromMilliseconds(50);

    private readonly List<byte[]> _unsent = [];
    private PeerHello? _self;
    private volatile InMemoryTransport? _target;
    private volatile bool _isClosed;
    private int _connection;
    private long _waiting;

    public Member Peer => peer;

    public bool IsConnected => _target is not null;

    /// <summary>The transport of the peer; <c>null</c> while there is no connection.</summary>
    public InMemoryTransport? Target => _target;

    public bool IsTo(Member member) => peer.Address == member.Address && peer.Incarnation == member.Incarnation;

    /// <summary>Called on the thread of the node's arrivals.</summary>
    public void Dial()
    {
        if (_isClosed || IsConnected)
            return;
        if (network.Find(from.ListenEndPoint, peer.Address) is not { } target)
        {
            from.Post(Dial, DialPause);
            return;
        }
        var hello = from.Identity with { TargetNodeId = peer.NodeId, TargetIncarnation = peer.Incarnation };
        var delay = network.DelayBetween(from.ListenEndPoint, peer.Address);
        target.Post(() =>
        {
            var verdict = target.Judge(hello);
            var answer = target.Identity;
            from.Post(() => OnAnswer(target, hello, answer, verdict), delay);
        }, delay);
        // Dials again in case the answer is lost.
        from.Post(Dial, RefusedPause + (2 * delay));
    }

    /// <summary>Called by the holder of the turn. False when the message was dropped.</summary>
    public bool Send(PeerMessage message)
    {
        if (_target is null)
            return false;
        var size = MessageEncoder.FrameSize(message);
        if (message.IsBulk && Volatile.Read(ref _waiting) is > 0 and var waiting && waiting + size > MaxWaitingBytes)
            return false;
        var frame = new byte[size];
        MessageEncoder.WriteFrame(message, frame);
        Interlocked.Add(ref _waiting, size);
        _unsent.Add(frame);
        return true;
    }

    /// <summary>Holder of the turn.</summary>
    public void Flush()
    {
        if (_unsent.Count == 0)
            return;
        var frames = _unsent.ToArray();
        _unsent.Clear();
        var (target, self, connection) = (_target, _self, Volatile.Read(ref _connection));
        if (target is null)
        {
            Interlocked.Add(ref _waiting, -frames.Sum(f => (long)f.Length));
            return;
        }
        target.Post(() => Deliver(target, self!, connection, frames), network.DelayBetween(from.ListenEndPoint, peer.Address));
    }

    /// <summary>Loses the connection, and dials again unless the link is closed. False when there was no connection.</summary>
    public bool Lose()
    {
        if (_target is null)
            return false;
        Interlocked.Increment(ref _connection);
        _target = null;
        from.Post(Dial, DialPause);
        return true;
    }

    /// <summary>Called when the node is no longer a peer.</summary>
    public void Close()
    {
        _isClosed = true;
        Lose();
    }

    private void OnAnswer(InMemoryTransport target, PeerHello hello, PeerHello answer, HandshakeVerdict verdict)
    {
        if (_isClosed || IsConnected || network.Find(from.ListenEndPoint, peer.Address) != target)
            return;
        if (verdict == HandshakeVerdict.Welcome)
            verdict = answer.JudgeAs(peer, from.Identity.ClusterId);
        if (verdict == HandshakeVerdict.Welcome)
            verdict = from.Handler.OnAnswer(answer);
        if (verdict != HandshakeVerdict.Welcome)
        {
            from.Handler.OnTurnedAway(peer, answer, verdict, peer.Address);
            return;
        }
        _self = hello;
        _target = target;
        Interlocked.MemoryBarrier();
        // A cut or an end of the peer after the check above did not find this connection.
        if (network.Find(from.ListenEndPoint, peer.Address) != target)
            Lose();
        else
            from.Handler.OnConnected(answer, peer.Address);
    }

    /// <summary>Called on the thread of the peer's arrivals.</summary>
    private void Deliver(InMemoryTransport target, PeerHello self, int connection, byte[][] frames)
    {
        Interlocked.Add(ref _waiting, -frames.Sum(f => (long)f.Length));
        if (connection != Volatile.Read(ref _connection))
            return;
        foreach (var frame in frames)
        {
            Frame.ReadHeader(frame, MaxFrameBytes, out var type);
            // A type that the decoder does not know belongs to a later version, and is ignored.
            if (MessageDecoder.Read(type, Frame.Open(frame)) is { } message)
                target.Handler.OnMessage(self, message);
        }
    }
}
