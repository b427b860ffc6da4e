using RaftKv.Embedded.Log;
using RaftKv.Embedded.Transport;

namespace RaftKv.Embedded.Testing;

/// <summary>The network of a node that has no peers.</summary>
internal sealed class DisconnectedTransport(string address) : ITransport
{
    public string ListenEndPoint => address;

    public string AdvertisedAddress => address;

    public void Start(ITransportHandler handler)
    {
    }

    public void SetPeers(IReadOnlyList<Member> peers)
    {
    }

    public void HangUp()
    {
    }

    public bool Send(string nodeId, PeerMessage message) => false;

    public bool IsConnected(string nodeId) => false;

    public void Flush()
    {
    }

    public Task<PeerHello> ProbeAsync(string address, TimeSpan timeout, CancellationToken cancellationToken, bool wantsToJoin = false) =>
        Task.FromException<PeerHello>(new RaftKvUnavailableException(RaftKvUnavailableReason.NoLeader,
            $"No node answers at {address}: the store in memory has one node and no network. Use RaftKvTestCluster for several nodes."));

    public void Dispose()
    {
    }
}
