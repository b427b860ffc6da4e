namespace RaftKv.Embedded.Http;

/// <summary>
/// What a node knows of the health of its cluster: from its own contacts, and from the leader, which reports the positions of the other
/// members.
/// </summary>
internal readonly struct ClusterHealth
{
    /// <summary>How many entries a member may be behind before it is called lagging.</summary>
    private const long LaggingEntries = 1_000;

    private readonly RaftKvStatus _status;

    public ClusterHealth(RaftKvStatus status)
    {
        _status = status;
        foreach (var member in status.Members)
        {
            if (member.Role != RaftKvMemberRole.Voter)
                continue;
            Voters++;
            if (member.IsReachable && !member.HasLostEntries || member.NodeId == status.NodeId)
                Alive++;
        }
    }

    /// <summary>How many members vote.</summary>
    public int Voters { get; }

    /// <summary>
    /// How many of the voters this node reaches, itself included. A voter that has lost entries does not count, unless it is this node.
    /// </summary>
    public int Alive { get; }

    public int Majority => Voters / 2 + 1;

    /// <summary>How many more voters may fail before the quorum is lost.</summary>
    public int MayFail => Math.Max(0, Alive - Majority);

    /// <summary>
    /// Whether this node reaches less than a majority of the voters. Never on a node that knows another leader: that leader has a quorum.
    /// </summary>
    public bool IsQuorumLost => Voters > 0 && Alive < Majority && (_status.LeaderId is null || _status.LeaderId == _status.NodeId);

    /// <summary>How many entries a member is behind; 0 while this is not known.</summary>
    public static long LagOf(RaftKvMemberStatus member, RaftKvStatus status) =>
        member.Lag ?? (member.MatchIndex is { } match ? Math.Max(0, status.LastIndex - match) : 0);

    /// <returns><c>alive</c>, <c>lagging</c> or <c>dead</c>: neither the leader nor this node hears the member.</returns>
    public ReadOnlySpan<byte> StateOf(RaftKvMemberStatus member)
    {
        var isOwn = member.NodeId == _status.NodeId;
        if (!isOwn && !member.IsReachable)
            return "dead"u8;
        var behind = isOwn ? _status.CommitIndex - _status.AppliedIndex : LagOf(member, _status);
        return behind > LaggingEntries ? "lagging"u8 : "alive"u8;
    }
}
