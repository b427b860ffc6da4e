namespace RaftKv.Embedded.Node;

/// <summary>A peer has seen a newer state of this node's data directory, under this incarnation, than the directory has now.</summary>
internal sealed class RollbackReported(string by, Guid incarnation, bool isLed) : ReplicaInput
{
    public string By => by;
    public Guid Incarnation => incarnation;

    /// <summary>Whether the peer knows a leader: then a quorum is there without this node.</summary>
    public bool IsLed => isLed;
}
