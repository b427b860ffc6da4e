using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Diagnostics;
using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Node;

internal sealed partial class Replica
{
    private static readonly long PublishInterval = TimeSpan.FromMilliseconds(20).Ticks;

    /// <summary>How long a member without a connection counts as reachable: connections are made again after a reset.</summary>
    private static readonly long ReconnectPatience = TimeSpan.FromSeconds(1).Ticks;

    /// <summary>How long a leader and another member may be silent to each other.</summary>
    private static readonly long HeartbeatPatience = TimeSpan.FromSeconds(2).Ticks;

    /// <summary>How long two others may be silent to each other, who tell their clocks every 5 s.</summary>
    private static readonly long AnnouncementPatience = TimeSpan.FromSeconds(12).Ticks;

    private const int KeptElections = 16;

    private readonly Dictionary<string, long> _contacts = [];
    private readonly List<RaftKvElection> _elections = [];
    private StatusParts _statusParts;
    private ClusterConfiguration _publishedConfiguration = ClusterConfiguration.Empty;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _published;
    private long _commitIndex;
    private long _leaseUntil;
    private bool _wasReady;

    /// <summary>Any thread. The configuration in force, for the handshake.</summary>
    public ClusterConfiguration PublishedConfiguration => Volatile.Read(ref _publishedConfiguration);

    /// <summary>Any thread. The leader that is known; <c>null</c> when none is.</summary>
    public string? LeaderId => Volatile.Read(ref _statusParts).LeaderId;

    /// <summary>Any thread. Whether a leader is known.</summary>
    public bool IsLed => LeaderId is not null;

    /// <summary>Any thread. Every write that was acknowledged anywhere before a call is at or below it, while <see cref="LeaseUntil"/> is not past.</summary>
    public long CommitIndex => Volatile.Read(ref _commitIndex);

    /// <summary>Any thread. In monotonic ticks; 0 is no lease.</summary>
    public long LeaseUntil => Volatile.Read(ref _leaseUntil);

    /// <summary>Any thread. Completes with the next change of role, term, leader or members.</summary>
    public Task Changed => Volatile.Read(ref _changed).Task;

    public RaftKvStatus Status
    {
        get
        {
            var parts = Volatile.Read(ref _statusParts);
            var now = _context.Clock.Ticks;
            var state = _context.Applier.State;
            // The parts are a moment old, the two indexes are of now: what is applied is committed, and what is committed is in the log.
            var applied = _context.Applier.AppliedIndex;
            var commit = Math.Max(CommitIndex, applied);
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
                LastContact = LeaderContact(parts, now),
                KeyCount = state.Store.Count,
                KeyIndexBytes = state.Store.KeyIndexBytes,
                OldestWatchableVersion = new KvVersion(_context.Applier.Changes.History.OldestVersion),
                WatchCount = _context.Applier.Changes.Watches.Count,
                Elections = parts.Elections,
                Members = [.. parts.Configuration.Members.Select(m => Describe(m, parts, now) with { ClockDifference = ClockOf(m) })],
                ConfigurationIndex = parts.ConfigurationIndex,
                Durability = _context.Options.Durability,
                Limits = Limits.ToPublic(),
                Fault = parts.Fault,
                WaitsFor = parts.LeaderId is null ? _context.Dependencies.Bootstrap?.WaitsFor : null,
                Quarantine = _quarantine,
                RolledBack = _rolledBack,
                FreeDiskBytes = _disk.FreeBytes is var free and not long.MaxValue ? free : null,
                IsDiskFull = _isDiskFull,
                Stalls = _context.Dependencies.Stalls?.Recent ?? [],
                VerifiedIndex = Volatile.Read(ref _verifiedIndex),
                LogTimeAhead = LogTimeAhead,
            };
        }
    }

    /// <summary>Any thread. How long ago the leader was heard of: zero on the leader, <c>null</c> if never.</summary>
    public TimeSpan? LastLeaderContact => LeaderContact(Volatile.Read(ref _statusParts), _context.Clock.Ticks);

    /// <summary>Any thread. How long a member has known no leader; <c>null</c> when it knows one, and on a node that waits for none.</summary>
    public TimeSpan? WithoutLeader
    {
        get
        {
            var parts = Volatile.Read(ref _statusParts);
            var waits = parts.LeaderId is null && parts.Role is RaftKvRole.Learner or RaftKvRole.Follower or RaftKvRole.Candidate;
            return waits ? TimeSpan.FromTicks(Math.Max(0, _context.Clock.Ticks - parts.WithoutLeaderSince)) : null;
        }
    }

    /// <summary>Any thread. The other voters of which nothing was heard for four election timeouts, in the order of the configuration.</summary>
    public IReadOnlyList<string> SilentVoters
    {
        get
        {
            var parts = Volatile.Read(ref _statusParts);
            var since = _context.Clock.Ticks - (4 * _context.Options.ElectionTimeout.Ticks);
            return [.. parts.Configuration.Members.Where(m => m.IsVoter && m.NodeId != _context.NodeId && !(parts.Peers.TryGetValue(m.NodeId, out var peer) && peer.HeardAt > since)).Select(m => m.NodeId)];
        }
    }

    private TimeSpan? LeaderContact(StatusParts parts, long now)
    {
        if (parts.LeaderId is null)
            return null;
        if (parts.LeaderId == _context.NodeId)
            return TimeSpan.Zero;
        return parts.Peers.TryGetValue(parts.LeaderId, out var peer) && peer.HeardAt > 0 ? TimeSpan.FromTicks(Math.Max(0, now - peer.HeardAt)) : null;
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
        var report = ReportOf(parts);
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

    private TimeSpan? ClockOf(Member member) =>
        Volatile.Read(ref _clockDifferences).TryGetValue(member.NodeId, out var ms) ? TimeSpan.FromMilliseconds(ms) : null;

    private void NoteContact(string nodeId) => _contacts[nodeId] = _context.Now.Ticks;

    private void NoteElection(RoleChanged changed)
    {
        if (_elections.Count > 0 && _elections[0].Term == changed.Term && _elections[0].LeaderId == changed.LeaderId)
            return;
        // What this node noticed of the trouble before it, as the chain's first links.
        var why = _context.Dependencies.Stalls?.ChainSince(_context.Clock.Wall - _context.Options.ElectionTimeout * 4) + changed.Cause;
        _elections.Insert(0, new RaftKvElection(changed.Term, changed.LeaderId, _context.Clock.Wall, why));
        if (changed.LeaderId is not null)
            _context.Dependencies.Telemetry?.Elected();
        if (_elections.Count > KeptElections)
            _elections.RemoveAt(KeptElections);
        if (changed.LeaderId is null || changed.LeaderId != _context.NodeId)
            ReleaseForwarded();
    }

    /// <summary>Before anything that a step wants sent can leave: a lease read must see what a peer may acknowledge because of it.</summary>
    private void PublishCommit()
    {
        Volatile.Write(ref _commitIndex, _context.Core!.CommitIndex);
        EndTraces();
        Volatile.Write(ref _leaseUntil, _quarantine is null ? _context.Core.LeaseUntil : 0);
    }

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

    private void Publish()
    {
        if (_context.Now.Ticks - _published >= PublishInterval)
            PublishStatus();
    }

    /// <summary>Tells those who watch the status.</summary>
    private void PublishNow()
    {
        PublishStatus();
        Interlocked.Exchange(ref _changed, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
    }

    private void PublishStatus()
    {
        _published = _context.Now.Ticks;
        if (_context.Core is null)
            return;
        var peers = new Dictionary<string, PeerStatus>();
        foreach (var member in _context.Core.Configuration.Members)
        {
            if (member.NodeId != _context.NodeId)
                peers[member.NodeId] = new PeerStatus(null, _contacts.GetValueOrDefault(member.NodeId));
        }
        foreach (var progress in _context.Core.Peers)
        {
            if (peers.TryGetValue(progress.NodeId, out var peer))
                peers[progress.NodeId] = new PeerStatus(progress.Match, peer.HeardAt, progress.HasLostEntries);
        }
        // A member again, it can be watched again.
        if (!_context.IsClosed && _context.Core.Role == RaftRole.Removed && _statusParts.Role != RaftKvRole.Removed)
            _context.Applier.Changes.Watches.End(() => Errors.Removed(_context.NodeId), forGood: false);
        PublishBootstrap();
        Volatile.Write(ref _statusParts, new StatusParts
        {
            Role = _context.IsClosed ? _statusParts.Role : RoleOf(_context.Core.Role),
            Term = _context.Core.Term,
            LeaderId = _context.IsClosed ? null : _context.Core.LeaderId,
            HasQuorum = _context.Core.Role != RaftRole.Leader || _context.Core.HasQuorum,
            WithoutLeaderSince = _statusParts is { LeaderId: null, Role: not RaftKvRole.Unformed } ? _statusParts.WithoutLeaderSince : _context.Now.Ticks,
            FirstIndex = _context.Core.FirstIndex,
            LastIndex = _context.Core.LastIndex,
            LastTerm = _context.Core.LastTerm,
            DurableIndex = _context.Core.DurableIndex,
            SnapshotIndex = _context.Core.SnapshotIndex,
            SnapshotTerm = _context.Core.SnapshotTerm,
            Configuration = _context.Core.Configuration,
            IsOnlyVoter = !_context.IsClosed && _context.Core.CanServeReads && _context.Core.Configuration.VoterCount == 1 && _context.Core.CommittedConfiguration.VoterCount == 1,
            HasItsRole = HasItsRole(_context.Core.CommittedConfiguration),
            ConfigurationIndex = _context.Core.ConfigurationIndex,
            Peers = peers,
            Elections = [.. _elections],
            Fault = _statusParts.Fault,
        });
    }

    private static RaftKvRole RoleOf(RaftRole role) => role switch
    {
        RaftRole.Learner => RaftKvRole.Learner,
        RaftRole.Follower => RaftKvRole.Follower,
        RaftRole.PreCandidate or RaftRole.Candidate => RaftKvRole.Candidate,
        RaftRole.Leader => RaftKvRole.Leader,
        RaftRole.Removed => RaftKvRole.Removed,
        _ => throw new System.Diagnostics.UnreachableException(),
    };
}
