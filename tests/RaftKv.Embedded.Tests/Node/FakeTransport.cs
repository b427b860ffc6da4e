using RaftKv.Embedded.Log;
using RaftKv.Embedded.Transport;

namespace RaftKv.Embedded.Tests.Node;

/// <summary>A network without connections. The test says which nodes answer probes.</summary>
internal sealed class FakeTransport : ITransport
{
    public string ListenEndPoint => "a:1";

    public string AdvertisedAddress => "a:1";

    /// <summary>The nodes that answer, by their addresses.</summary>
    public Dictionary<string, PeerHello> Answers { get; } = [];

    /// <summary>Called with the address of each probe first; it may throw.</summary>
    public Action<string>? Probing { get; set; }

    public IReadOnlyList<Member> Peers { get; private set; } = [];

    /// <summary>All messages, in their order.</summary>
    public List<(string To, PeerMessage Message)> Sent { get; } = [];

    /// <summary>The messages of one type, in their order; they are removed.</summary>
    public IReadOnlyList<T> Take<T>() where T : PeerMessage
    {
        var taken = Sent.Select(s => s.Message).OfType<T>().ToList();
        Sent.RemoveAll(s => s.Message is T);
        return taken;
    }

    public void Start(ITransportHandler handler)
    {
    }

    public void SetPeers(IReadOnlyList<Member> peers) => Peers = peers;

    public void HangUp()
    {
    }

    public bool Send(string nodeId, PeerMessage message)
    {
        Sent.Add((nodeId, message));
        return true;
    }

    public bool IsConnected(string nodeId) => false;

    public void Flush()
    {
    }

    public Task<PeerHello> ProbeAsync(string address, TimeSpan timeout, CancellationToken cancellationToken, bool wantsToJoin = false)
    {
        Probing?.Invoke(address);
        return Answers.TryGetValue(address, out var answer)
            ? Task.FromResult(answer)
            : Task.FromException<PeerHello>(new RaftKvUnavailableException(RaftKvUnavailableReason.NoLeader, "Nothing listens there."));
    }

    public void Dispose()
    {
    }
}
