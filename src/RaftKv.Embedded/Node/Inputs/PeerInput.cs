using RaftKv.Embedded.Log;
using RaftKv.Embedded.Transport;

namespace RaftKv.Embedded.Node;

/// <summary>A message of a peer.</summary>
internal sealed class PeerInput(PeerHello from, PeerMessage message, int bytes) : ReplicaInput
{
    public string From => from.NodeId;

    /// <summary>The data directory of the sender: one name may have two of them for a while.</summary>
    public Guid Incarnation => from.Incarnation;

    public PeerMessage Message => message;

    /// <summary>The bytes that it counts for while it waits.</summary>
    public int Bytes => bytes;
}
