using System.Collections.Concurrent;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Transport;

namespace RaftKv.Embedded.Tests.Transport;

/// <summary>Takes the place of a replica: records the calls, and the threads among them that are not the transport's own.</summary>
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

    /// <summary>Further addresses of peers, by their node ids.</summary>
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
