using RaftKv.Embedded.Log;
using RaftKv.Embedded.Transport;
using Xunit;

namespace RaftKv.Embedded.Tests.Transport;

/// <summary>A transport under a node id, with a handler that records its calls.</summary>
internal sealed class TransportNode : IDisposable
{
    public static readonly Guid Cluster = Guid.Parse("c0000000-0000-0000-0000-000000000001");

    public TransportNode(string nodeId, Func<TransportOptions, TransportOptions>? configure = null, string listen = "127.0.0.1:0",
        Guid? cluster = null)
    {
        var options = new TransportOptions
        {
            ListenAddress = listen,
            MaxReconnectDelay = TimeSpan.FromMilliseconds(50),
            MaxRefusedDelay = TimeSpan.FromMilliseconds(100),
        };
        Transport = new TcpTransport(configure?.Invoke(options) ?? options);
        Handler = new RecordingHandler(new PeerHello { NodeId = nodeId, ClusterId = cluster ?? Cluster, Incarnation = Guid.NewGuid() });
        Transport.Start(Handler);
    }

    public TcpTransport Transport { get; }

    public RecordingHandler Handler { get; }

    public string Address => Transport.ListenEndPoint;

    public Member Member => new(Handler.Identity.NodeId, Address, Handler.Identity.Incarnation, MemberRole.Voter);

    public void Send(string to, PeerMessage message)
    {
        Transport.Send(to, message);
        Transport.Flush();
    }

    public void Knows(params Member[] peers) => Transport.SetPeers(peers);

    public void Dispose()
    {
        Transport.Dispose();
        Assert.Empty(Handler.ForeignThreads);
    }
}

/// <summary>Asserts the order of bulk messages and that of urgent messages. The order between the two kinds is not fixed.</summary>
internal static class Order
{
    public static void AssertKept(IEnumerable<PeerMessage> sent, IEnumerable<PeerMessage> received)
    {
        var (expected, actual) = (sent.OrderBy(m => m.IsBulk).ToList(), received.OrderBy(m => m.IsBulk).ToList());
        Assert.Equal(expected.Count, actual.Count);
        foreach (var (one, other) in expected.Zip(actual))
            SampleMessages.AssertSame(one, other);
    }
}
