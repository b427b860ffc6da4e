namespace RaftKv.Embedded.Node;

/// <summary>A connection to a peer was lost.</summary>
internal sealed class PeerLost(string nodeId, bool reset) : ReplicaInput
{
    public string NodeId => nodeId;
    public bool Reset => reset;
}
