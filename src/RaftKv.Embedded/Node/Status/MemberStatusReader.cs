using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Node;

/// <summary>What this node knows of each member: by its own contacts, and by the reports of the leader. Any thread.</summary>
internal sealed class MemberStatusReader(ReplicaContext context, MemberReports reports, ClusterClocks clocks)
{
    /// <summary>How long a member without a connection counts as reachable: connections are made again after a reset.</summary>
    private static readonly long ReconnectTimeout = TimeSpan.FromSeconds(1).Ticks;

    /// <summary>How long a leader and another member may be silent to each other.</summary>
    private static readonly long HeartbeatTimeout = TimeSpan.FromSeconds(2).Ticks;

    /// <summary>How long two members of which none leads may be silent to each other: they announce their clocks every 5 s.</summary>
    private static readonly long AnnouncementTimeout = TimeSpan.FromSeconds(12).Ticks;

    public RaftKvMemberStatus Describe(Member member, StatusParts parts, long now) =>
        DescribeContact(member, parts, now) with { ClockDifference = clocks.DifferenceOf(member) };

    private RaftKvMemberStatus DescribeContact(Member member, StatusParts parts, long now)
    {
        var isLeader = member.NodeId == parts.LeaderId;
        if (member.NodeId == context.NodeId)
        {
            return Listed(member, isLeader) with
            {
                MatchIndex = isLeader ? parts.LastIndex : null,
                LastContact = TimeSpan.Zero,
                IsReachable = true,
            };
        }
        parts.Peers.TryGetValue(member.NodeId, out var peer);
        var report = reports.Of(parts);
        var reported = report?.Find(member.NodeId);
        var heard = Ago(peer.HeardAt, now);
        var seen = Listed(member, isLeader) with
        {
            MatchIndex = peer.Match,
            LastContact = heard,
            HasLostEntries = peer.HasLostEntries || reported is { HasLostEntries: true },
            IsReachable = IsReachable(member.NodeId, peer.HeardAt, parts.LeaderId, report, now),
        };
        if (peer.Match is { } match)
            return seen with { Lag = Math.Max(0, parts.LastIndex - match), ReportAge = TimeSpan.Zero, LeaderContact = heard };
        if (reported is not { } told)
            return seen;
        return seen with
        {
            MatchIndex = told.Match,
            Lag = Math.Max(0, report!.Content.LastIndex - told.Match),
            ReportAge = TimeSpan.FromTicks(Math.Max(0, now - report.At)),
            LeaderContact = Ago(report.HeardAt(told), now),
        };
    }

    private static RaftKvMemberStatus Listed(Member member, bool isLeader) => new()
    {
        NodeId = member.NodeId,
        Address = member.Address,
        Role = member.IsVoter ? RaftKvMemberRole.Voter : RaftKvMemberRole.Learner,
        IsLeader = isLeader,
    };

    /// <summary>
    /// The leader hears every member all the time, so its report says more than this node's own contacts, unless this node has heard the
    /// member since the leader no longer hears it.
    /// </summary>
    private bool IsReachable(string nodeId, long heardAt, string? leaderId, LeaderReport? report, long now)
    {
        var reaches = Reaches(nodeId, heardAt, leaderId, now);
        if (report?.IsFresh(now) != true || report.Find(nodeId) is not { } told)
            return reaches;
        var (leaderHeardAt, timeout) = (report.HeardAt(told), Math.Max(HeartbeatTimeout, 4 * context.Options.ElectionTimeout.Ticks));
        if (leaderHeardAt > 0 && report.At - leaderHeardAt < timeout)
            return true;
        return reaches && heardAt > leaderHeardAt + timeout;
    }

    /// <summary>Whether this node itself has a connection to the member and has heard from it lately.</summary>
    private bool Reaches(string nodeId, long heardAt, string? leaderId, long now)
    {
        if (!context.Transport.IsConnected(nodeId))
            return heardAt > 0 && now - heardAt < ReconnectTimeout;
        // A connection that has just been made does not count as silent.
        if (heardAt == 0)
            return true;
        var isHeartbeat = leaderId == nodeId || leaderId == context.NodeId;
        var timeout = Math.Max(isHeartbeat ? HeartbeatTimeout : AnnouncementTimeout, 4 * context.Options.ElectionTimeout.Ticks);
        return now - heardAt < timeout;
    }

    private static TimeSpan? Ago(long at, long now) => at == 0 ? null : TimeSpan.FromTicks(Math.Max(0, now - at));
}
