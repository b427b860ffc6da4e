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
    /// The last log index at which its log is known to agree with the leader's: on the leader as it is, on other nodes as the leader told
    /// it, see <see cref="ReportAge"/>. <c>null</c> while not known.
    /// </summary>
    public long? MatchIndex { get; init; }

    /// <summary>
    /// How long ago this node itself last heard from it; <c>null</c> if never. Two followers hear each other every 5 s.
    /// </summary>
    public TimeSpan? LastContact { get; init; }

    /// <summary>
    /// Whether the member is heard: by the leader within 2 s or four election timeouts, whichever is longer, as it tells the others each
    /// second. While the leader reports nothing: whether this node has a connection to the member and heard from it, between a leader and
    /// the others within that time, between two others within 12 s. <c>true</c> for this node itself.
    /// </summary>
    public bool IsReachable { get; init; }

    /// <summary>
    /// Whether the member's disk no longer has entries that the member acknowledged: the directory is an older image, or the page cache was
    /// lost. Known to the leader, which tells it. The member counts for no quorum until its vote is taken by a configuration entry; then it
    /// comes back as a learner, is fed, and is promoted.
    /// </summary>
    public bool HasLostEntries { get; init; }

    /// <summary>
    /// By how much its wall clock differs from the median of the voters' clocks; positive is ahead. <c>null</c> while the difference is
    /// less than a second or not known. Absolute times that are given on such a node (<see cref="KvSetOptions.ExpiresAt"/>) are off by as
    /// much.
    /// </summary>
    public TimeSpan? ClockDifference { get; init; }

    /// <summary>How many entries its log is behind the leader's, as of <see cref="ReportAge"/> ago. <c>null</c> while not known.</summary>
    public long? Lag { get; init; }

    /// <summary>
    /// How long ago the leader last heard from it, as far as this node was told. <c>null</c> if never, or while not known.
    /// </summary>
    public TimeSpan? LeaderContact { get; init; }

    /// <summary>
    /// How old the leader's word about the member is (<see cref="MatchIndex"/>, <see cref="Lag"/>): zero on the leader, about a second at
    /// most on other nodes that hear it, more when they do not. <c>null</c> while the current leader has reported nothing.
    /// </summary>
    public TimeSpan? ReportAge { get; init; }
}
