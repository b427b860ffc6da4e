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

    public IReadOnlyList<Member> Peers { get; private set; } = [];

    public void Start(ITransportHandler handler)
    {
    }

    public void SetPeers(IReadOnlyList<Member> peers) => Peers = peers;

    public void HangUp()
    {
    }

    public bool Send(string nodeId, PeerMessage message) => false;

    public bool IsConnected(string nodeId) => false;

    public void Flush()
    {
    }

    public Task<PeerHello> ProbeAsync(string address, TimeSpan timeout, CancellationToken cancellationToken, bool wantsToJoin = false) =>
        Answers.TryGetValue(address, out var answer)
            ? Task.FromResult(answer)
            : Task.FromException<PeerHello>(new RaftKvUnavailableException(RaftKvUnavailableReason.NoLeader, "Nothing listens there."));

    public void Dispose()
    {
    }
}
