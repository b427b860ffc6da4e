using RaftKv.Embedded.Log;
using RaftKv.Embedded.Transport;

namespace RaftKv.Fuzz.Targets;

/// <summary>
/// Bytes from an accepted peer over a real connection, one connection for each input. An input may end its connection, and has no other
/// effect.
/// </summary>
internal sealed class StreamTarget : FuzzTarget
{
    private static readonly Guid Cluster = Guid.Parse("c0000000-0000-0000-0000-000000000001");

    private readonly Sink _sink = new();
    private readonly TcpTransport _transport = new(new TransportOptions { ListenAddress = "127.0.0.1:0", MaxFrameBytes = 1024 * 1024 });
    private readonly byte[] _hello = Handshake.Of(new PeerHello { NodeId = "peer", ClusterId = Cluster, TargetNodeId = LiveProcess.NodeId }).EncodeHello();

    public StreamTarget()
    {
        _transport.Start(_sink);
        var frames = HandshakeTarget.FramesOf(Golden("wire-v1")).ToList();
        Corpus = [.. frames, frames.Take(frames.Count - 2).SelectMany(f => f).ToArray()];
    }

    public override IReadOnlyList<byte[]> Corpus { get; }

    public override void Reseal(Span<byte> input) => HandshakeTarget.ResealFrame(input);

    public override bool Take(byte[] input, bool isAuthentic)
    {
        var before = _transport.Counters.ConnectionsInvalid;
        using var peer = new RawConnection(_transport.ListenEndPoint);
        peer.Send(_hello);
        Require(peer.ReceiveVerdict() == HandshakeVerdict.Welcome, "a peer is not welcome any more");
        peer.Send(input);
        Require(peer.Finish().Length == 0, "a peer that only listens said something");
        return _transport.Counters.ConnectionsInvalid == before;
    }

    public override void Check()
    {
        Require(_sink.Failure is null, _sink.Failure ?? "");
        LiveProcess.MustBeBounded();
    }

    public override void Dispose() => _transport.Dispose();

    private sealed class Sink : ITransportHandler
    {
        public volatile string? Failure;

        public PeerHello Identity { get; } = new() { NodeId = LiveProcess.NodeId, ClusterId = Cluster, Incarnation = Cluster };

        public HandshakeVerdict OnHello(PeerHello hello) => HandshakeVerdict.Welcome;

        public void OnMessage(PeerHello from, PeerMessage message)
        {
            if (from.NodeId != "peer")
                Failure = $"a message is said to come from '{from.NodeId}'";
        }

        public void OnPause() { }

        public void OnDisconnected(string nodeId, bool reset) { }

        public void OnConnected(PeerHello peer, string address) { }
    }
}
