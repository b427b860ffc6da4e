using RaftKv.Embedded.Transport;

namespace RaftKv.Embedded.Node;

/// <summary>We dialled a peer and it welcomed us.</summary>
internal sealed class PeerConnected(PeerHello peer, string address) : ReplicaInput
{
    public PeerHello Peer => peer;
    public string Address => address;
}
