namespace RaftKv.Embedded;

/// <summary>One member as this node sees it.</summary>
/// <param name="NodeId">Its name.</param>
/// <param name="Address">Where its peers reach it, host:port.</param>
/// <param name="IsVoter">Whether it votes; <c>false</c> for a learner.</param>
/// <param name="IsLeader">Whether this node believes that it leads.</param>
/// <param name="Match">How far its log is known to agree with the leader's; only the leader knows, otherwise <c>null</c>.</param>
/// <param name="LastContact">How long ago this node last heard from it; <c>null</c> if never.</param>
public sealed record RaftKvMemberStatus(string NodeId, string Address, bool IsVoter, bool IsLeader, long? Match, TimeSpan? LastContact)
{
    /// <summary>
    /// Whether this node has a connection to the member and heard from it of late: between a leader and the others within 2 s or four election timeouts,
    /// whichever is longer, between two others within 12 s. <c>true</c> for this node itself.
    /// </summary>
    public bool IsReachable { get; init; }

    /// <summary>
    /// Whether the member's disk no longer has entries that the member acknowledged: the directory is an older image, or the page cache was lost. Known to the leader only.
    /// The member counts for no quorum until its vote is taken by a configuration entry; then it comes back as a learner, is fed, and is promoted.
    /// </summary>
    public bool HasLostEntries { get; init; }

    /// <summary>
    /// By how much its wall clock differs from the median of the voters' clocks; positive is ahead. <c>null</c> while the difference is
    /// less than a second or not known. Absolute
    /// times that are given on such a node (<see cref="KvSetOptions.ExpiresAt"/>) are off by as much.
    /// </summary>
    public TimeSpan? ClockDifference { get; init; }
}
