using System.Collections.Concurrent;
using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Transport;
using Xunit;

namespace RaftKv.Embedded.Tests.Transport;

/// <summary>Stands where the replica stands: remembers what it was told, and on which threads.</summary>
internal sealed class RecordingHandler(PeerHello identity) : ITransportHandler
{
    private readonly ConcurrentQueue<string> _foreignThreads = new();

    public PeerHello Identity { get; set; } = identity;

    public HandshakeVerdict Verdict { get; set; } = HandshakeVerdict.Welcome;

    public ConcurrentQueue<PeerHello> Hellos { get; } = new();

    public ConcurrentQueue<(string From, PeerMessage Message)> Messages { get; } = new();

    public ConcurrentQueue<PeerHello> Connected { get; } = new();

    public ConcurrentQueue<(string NodeId, bool Reset)> Disconnected { get; } = new();

    /// <summary>Called with each message on the thread that received it.</summary>
    public Action<string, PeerMessage>? OnEach { get; set; }

    public IEnumerable<string> ForeignThreads => _foreignThreads;

    public HandshakeVerdict OnHello(PeerHello hello)
    {
        NoteThread();
        Hellos.Enqueue(hello);
        var cluster = Identity.ClusterId;
        if (hello.ClusterId != Guid.Empty && hello.ClusterId != cluster)
            return HandshakeVerdict.OtherCluster;
        return hello.TargetNodeId != Identity.NodeId ? HandshakeVerdict.NotMe : Verdict;
    }

    public void OnMessage(PeerHello from, PeerMessage message)
    {
        NoteThread();
        if (OnEach is { } onEach)
            onEach(from.NodeId, message);
        else
            Messages.Enqueue((from.NodeId, message));
    }

    public void OnPause() => NoteThread();

    public void OnDisconnected(string nodeId, bool reset)
    {
        NoteThread();
        Disconnected.Enqueue((nodeId, reset));
    }

    public void OnConnected(PeerHello peer, string address)
    {
        NoteThread();
        Connected.Enqueue(peer);
    }

    public ConcurrentQueue<(string NodeId, HandshakeVerdict Verdict)> TurnedAway { get; } = new();

    /// <summary>Where else peers may be found.</summary>
    public ConcurrentDictionary<string, IReadOnlyList<string>> Elsewhere { get; } = new();

    public void OnTurnedAway(Member member, PeerHello answer, HandshakeVerdict verdict, string address)
    {
        NoteThread();
        TurnedAway.Enqueue((member.NodeId, verdict));
    }

    public IReadOnlyList<string> AddressesOf(string nodeId) => Elsewhere.GetValueOrDefault(nodeId, []);

    private void NoteThread()
    {
        if (Thread.CurrentThread.IsThreadPoolThread || Thread.CurrentThread.Name?.StartsWith("raftkv-", StringComparison.Ordinal) != true)
            _foreignThreads.Enqueue(Thread.CurrentThread.Name ?? "nameless");
    }
}

/// <summary>One transport with its handler, dialled by its name.</summary>
internal sealed class TestNode : IDisposable
{
    public static readonly Guid Cluster = Guid.Parse("c0000000-0000-0000-0000-000000000001");

    public TestNode(string nodeId, Func<TransportOptions, TransportOptions>? configure = null, string listen = "127.0.0.1:0", Guid? cluster = null)
    {
        var options = new TransportOptions { ListenAddress = listen, MaxReconnectDelay = TimeSpan.FromMilliseconds(50), MaxRefusedDelay = TimeSpan.FromMilliseconds(100) };
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

/// <summary>Bulk and urgent messages each arrive in their order; which of the two kinds is first is open.</summary>
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

/// <summary>Bounded waits on a condition.</summary>
internal static class Eventually
{
    public static void Holds(Func<bool> condition, string what, int seconds = 60)
    {
        Assert.True(SpinWait.SpinUntil(condition, TimeSpan.FromSeconds(seconds)), $"not in {seconds} s: {what}");
    }
}
