using RaftKv.Embedded.Log;
using RaftKv.Embedded.Transport;

namespace RaftKv.Embedded.Node;

/// <summary>A message of a peer.</summary>
internal sealed class PeerInput(PeerHello from, PeerMessage message, int bytes) : ReplicaInput
{
    public string From => from.NodeId;

    /// <summary>The data directory that speaks: a name may have two of them for a while.</summary>
    public Guid Incarnation => from.Incarnation;

    public PeerMessage Message => message;

    /// <summary>What it costs while it waits.</summary>
    public int Bytes => bytes;
}
