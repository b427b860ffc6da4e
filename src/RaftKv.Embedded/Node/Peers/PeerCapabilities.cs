using RaftKv.Embedded.Transport;

namespace RaftKv.Embedded.Node;

/// <summary>The feature level and the limits that each peer stated when this node last connected to it. Holder of the turn.</summary>
internal sealed class PeerCapabilities
{
    private readonly Dictionary<string, PeerHello> _stated = [];

    public void Record(PeerHello peer) => _stated[peer.NodeId] = peer;

    /// <summary><c>null</c> if this node never connected to the peer.</summary>
    public PeerHello? Of(string nodeId) => _stated.GetValueOrDefault(nodeId);

    public bool Speaks(string nodeId, int featureLevel) => _stated.TryGetValue(nodeId, out var peer) && peer.FeatureLevel >= featureLevel;
}
