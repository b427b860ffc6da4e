using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Diagnostics;
using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Node;

internal sealed partial class Replica
{
    /// <summary>How long a member without a connection counts as reachable: connections are made again after a reset.</summary>
    private static readonly long ReconnectPatience = TimeSpan.FromSeconds(1).Ticks;

    /// <summary>How long a leader and another member may be silent to each other.</summary>
    private static readonly long HeartbeatPatience = TimeSpan.FromSeconds(2).Ticks;

    /// <summary>How long two others may be silent to each other, who tell their clocks every 5 s.</summary>
    private static readonly long AnnouncementPatience = TimeSpan.FromSeconds(12).Ticks;

    private bool _wasReady;

    /// <summary>Any thread. The configuration in force, for the handshake.</summary>
    public ClusterConfiguration PublishedConfiguration => _peers.PublishedConfiguration;

    public RaftKvStatus Status
    {
        get
        {
            var parts = _publisher.Parts;
            var now = _context.Clock.Ticks;
            var state = _context.Applier.State;
            // The parts are a moment old, the two indexes are of now: what is applied is committed, and what is committed is in the log.
            var applied = _context.Applier.AppliedIndex;
            var commit = Math.Max(_publisher.CommitIndex, applied);
            var readiness = Readiness;
            return new RaftKvStatus
            {
                NodeId = _context.NodeId,
                Address = _context.Transport.AdvertisedAddress,
                ClusterId = _context.Identity.ClusterId,
                Role = parts.Role,
                IsReady = readiness == RaftKvReadiness.Ready,
                Readiness = readiness,
                Term = parts.Term,
                LeaderId = parts.LeaderId,
                FirstIndex = parts.FirstIndex,
                LastIndex = Math.Max(parts.LastIndex, commit),
                LastTerm = parts.LastTerm,
                DurableIndex = parts.DurableIndex,
                CommitIndex = commit,
                AppliedIndex = applied,
                SnapshotIndex = parts.SnapshotIndex,
                SnapshotTerm = parts.SnapshotTerm,
                LastContact = _publisher.LeaderContact(parts, now),
                KeyCount = state.Store.Count,
                KeyIndexBytes = state.Store.KeyIndexBytes,
                OldestWatchableVersion = new KvVersion(_context.Applier.Changes.History.OldestVersion),
                WatchCount = _context.Applier.Changes.Watches.Count,
                Elections = parts.Elections,
                Members = [.. parts.Configuration.Members.Select(m => Describe(m, parts, now) with { ClockDifference = _clocks.DifferenceOf(m) })],
                ConfigurationIndex = parts.ConfigurationIndex,
                Durability = _context.Options.Durability,
                Limits = _features.Limits.Cluster.ToPublic(),
                Fault = parts.Fault,
                WaitsFor = parts.LeaderId is null ? _context.Dependencies.Bootstrap?.WaitsFor : null,
                Quarantine = _quarantine.Reason,
                RolledBack = _proof.RolledBack,
                FreeDiskBytes = _diskMonitor.FreeBytes,
                IsDiskFull = _diskMonitor.IsFull,
                Stalls = _context.Dependencies.Stalls?.Recent ?? [],
                VerifiedIndex = _verifier.VerifiedIndex,
                LogTimeAhead = _clocks.LogTimeAhead,
            };
        }
    }

    private RaftKvMemberStatus Describe(Member member, StatusParts parts, long now)
    {
        var isLeader = member.NodeId == parts.LeaderId;
        if (member.NodeId == _context.NodeId)
        {
            return new RaftKvMemberStatus(member.NodeId, member.Address, member.IsVoter, isLeader, isLeader ? parts.LastIndex : null,
                TimeSpan.Zero)
            {
                IsReachable = true,
            };
        }
        parts.Peers.TryGetValue(member.NodeId, out var peer);
        var report = _memberReports.Of(parts);
        var reported = report?.Find(member.NodeId);
        var heard = Ago(peer.HeardAt, now);
        var seen = new RaftKvMemberStatus(member.NodeId, member.Address, member.IsVoter, isLeader, peer.Match, heard)
        {
            HasLostEntries = peer.HasLostEntries || reported is { HasLostEntries: true },
            IsReachable = IsReachable(member.NodeId, peer.HeardAt, parts.LeaderId, report, now),
        };
        if (peer.Match is { } match)
            return seen with { Lag = Math.Max(0, parts.LastIndex - match), ReportAge = TimeSpan.Zero, LeaderContact = heard };
        if (reported is not { } told)
            return seen;
        return seen with
        {
            Match = told.Match,
            Lag = Math.Max(0, report!.Content.LastIndex - told.Match),
            ReportAge = TimeSpan.FromTicks(Math.Max(0, now - report.At)),
            LeaderContact = Ago(report.HeardAt(told), now),
        };
    }

    /// <summary>
    /// The leader hears every member all the time, so that its word says more than the own contacts, unless this node has heard the member
    /// since the leader no longer hears it.
    /// </summary>
    private bool IsReachable(string nodeId, long heardAt, string? leaderId, LeaderReport? report, long now)
    {
        var reaches = Reaches(nodeId, heardAt, leaderId, now);
        if (report?.IsFresh(now) != true || report.Find(nodeId) is not { } told)
            return reaches;
        var (leaderHeardAt, patience) = (report.HeardAt(told), Math.Max(HeartbeatPatience, 4 * _context.Options.ElectionTimeout.Ticks));
        if (leaderHeardAt > 0 && report.At - leaderHeardAt < patience)
            return true;
        return reaches && heardAt > leaderHeardAt + patience;
    }

    /// <summary>Whether this node itself has a connection to the member and has heard from it of late.</summary>
    private bool Reaches(string nodeId, long heardAt, string? leaderId, long now)
    {
        if (!_context.Transport.IsConnected(nodeId))
            return heardAt > 0 && now - heardAt < ReconnectPatience;
        // A connection that has just been made is no silence yet.
        if (heardAt == 0)
            return true;
        var isHeartbeat = leaderId == nodeId || leaderId == _context.NodeId;
        var patience = Math.Max(isHeartbeat ? HeartbeatPatience : AnnouncementPatience, 4 * _context.Options.ElectionTimeout.Ticks);
        return now - heardAt < patience;
    }

    private static TimeSpan? Ago(long at, long now) => at == 0 ? null : TimeSpan.FromTicks(Math.Max(0, now - at));

    /// <summary>Once in the life of the process.</summary>
    private void ReportReady()
    {
        if (_wasReady || !IsReady)
            return;
        _wasReady = true;
        var status = Status;
        var took = TimeSpan.FromTicks(_context.Now.Ticks - _context.Dependencies.OpenedAt);
        _context.Log.Ready(_context.NodeId, (long)took.TotalMilliseconds, status.Role == RaftKvRole.Unformed
            ? "it founds a cluster with its first write, or is added to one"
            : $"{status.Role.ToString().ToLowerInvariant()} in term {status.Term}, led by {status.LeaderId}, with {status.KeyCount} keys");
    }
}
