namespace RaftKv.Embedded;

/// <summary>One member as this node sees it.</summary>
public sealed record RaftKvMemberStatus
{
    /// <summary>Its name.</summary>
    public required string NodeId { get; init; }

    /// <summary>Where its peers reach it, host:port.</summary>
    public required string Address { get; init; }

    /// <summary>Whether it votes in the configuration in force.</summary>
    public RaftKvMemberRole Role { get; init; }

    /// <summary>Whether this node believes that it leads.</summary>
    public bool IsLeader { get; init; }

    /// <summary>
    /// The last log index at which its log is known to agree with the leader's: exact on the leader; on other nodes as the leader last
    /// reported it, see <see cref="ReportAge"/>. <c>null</c> while not known.
    /// </summary>
    public long? MatchIndex { get; init; }

    /// <summary>How long ago this node itself last heard from it; <c>null</c> if never. Two followers hear each other every 5 s.</summary>
    public TimeSpan? LastContact { get; init; }

    /// <summary>
    /// Whether the member is reachable. The leader reports each second whether it has heard from the member within 2 s or four election
    /// timeouts, whichever is longer. While there is no report: whether this node has a connection to the member and has heard from it,
    /// within the same time if one of the two leads, and otherwise within 12 s or four election timeouts, whichever is longer. <c>true</c>
    /// for this node itself.
    /// </summary>
    public bool IsReachable { get; init; }

    /// <summary>
    /// Whether the member's disk no longer has entries that the member acknowledged: the directory is an older image, or the page cache was
    /// lost. The leader knows it and reports it to the other nodes. The member counts for no quorum until a configuration entry takes its
    /// vote; then it is a learner, receives the missing data, and is promoted.
    /// </summary>
    public bool HasLostEntries { get; init; }

    /// <summary>
    /// By how much its wall clock differs from the median of the voters' clocks; positive is ahead. <c>null</c> while the difference is
    /// less than a second or not known. Absolute times that are given on such a node (<see cref="KvSetOptions.ExpiresAt"/>) are wrong by
    /// the same amount.
    /// </summary>
    public TimeSpan? ClockDifference { get; init; }

    /// <summary>How many entries its log is behind the leader's, as of <see cref="ReportAge"/> ago. <c>null</c> while not known.</summary>
    public long? Lag { get; init; }

    /// <summary>
    /// How long ago the leader last heard from it, as the leader last reported it. <c>null</c> if never, or while not known.
    /// </summary>
    public TimeSpan? LeaderContact { get; init; }

    /// <summary>
    /// How old the leader's report about the member is (<see cref="MatchIndex"/>, <see cref="Lag"/>): zero on the leader, about a second at
    /// most on other nodes that receive its reports, more when they do not. <c>null</c> while the current leader has reported nothing.
    /// </summary>
    public TimeSpan? ReportAge { get; init; }
}
