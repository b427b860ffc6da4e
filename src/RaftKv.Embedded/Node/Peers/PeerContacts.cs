namespace RaftKv.Embedded.Node;

/// <summary>When each peer was last heard, in monotonic ticks. Holder of the turn.</summary>
internal sealed class PeerContacts
{
    private readonly Dictionary<string, long> _heardAt = [];

    public void Record(string nodeId, long now) => _heardAt[nodeId] = now;

    /// <summary>0 if the peer was never heard.</summary>
    public long HeardAt(string nodeId) => _heardAt.GetValueOrDefault(nodeId);

    public bool IsHeardWithin(string nodeId, long ticks, long now) => _heardAt.TryGetValue(nodeId, out var at) && now - at < ticks;
}
