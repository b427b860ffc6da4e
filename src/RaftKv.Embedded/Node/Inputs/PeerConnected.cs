using RaftKv.Embedded.Transport;

namespace RaftKv.Embedded.Node;

/// <summary>This node dialled a peer, which welcomed it.</summary>
internal sealed class PeerConnected(PeerHello peer, string address) : ReplicaInput
{
    public PeerHello Peer => peer;
    public string Address => address;
}
