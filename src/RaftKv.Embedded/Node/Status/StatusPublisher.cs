using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Node;

/// <summary>
/// Publishes what the holder of the turn knows for all other threads: the parts of the status at intervals, commit index and read lease
/// with every step.
/// </summary>
internal sealed class StatusPublisher(
    ReplicaContext context, QuarantineState quarantine, PeerContacts contacts, BootstrapProgress bootstrap)
{
    private static readonly long Interval = TimeSpan.FromMilliseconds(20).Ticks;

    private const int KeptElections = 16;

    private readonly List<RaftKvElection> _elections = [];
    private StatusParts _parts = StatusParts.Unformed;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _publishedAt;
    private long _commitIndex;
    private long _leaseUntil;

    /// <summary>Any thread.</summary>
    public StatusParts Parts => Volatile.Read(ref _parts);

    /// <summary>Any thread. The leader that is known; <c>null</c> when none is.</summary>
    public string? LeaderId => Parts.LeaderId;

    /// <summary>
    /// Any thread. Every write that was acknowledged anywhere before a call is at or below it, while <see cref="LeaseUntil"/> is not past.
    /// </summary>
    public long CommitIndex => Volatile.Read(ref _commitIndex);

    /// <summary>Any thread. In monotonic ticks; 0 is no lease.</summary>
    public long LeaseUntil => Volatile.Read(ref _leaseUntil);

    /// <summary>Any thread. Completes with the next change of role, term, leader or members.</summary>
    public Task Changed => Volatile.Read(ref _changed).Task;

    /// <summary>Any thread. How long ago the leader was heard: zero on the leader, <c>null</c> if never.</summary>
    public TimeSpan? LastLeaderContact => LeaderContact(Parts, context.Clock.Ticks);

    /// <summary>
    /// Any thread. How long a member has known no leader; <c>null</c> when it knows one, and on a node that waits for none.
    /// </summary>
    public TimeSpan? WithoutLeader
    {
        get
        {
            var parts = Parts;
            var waits = parts.LeaderId is null && parts.Role is RaftKvRole.Learner or RaftKvRole.Follower or RaftKvRole.Candidate;
            return waits ? TimeSpan.FromTicks(Math.Max(0, context.Clock.Ticks - parts.WithoutLeaderSince)) : null;
        }
    }

    /// <summary>Any thread. The other voters that were not heard for four election timeouts, in the order of the configuration.</summary>
    public IReadOnlyList<string> SilentVoters
    {
        get
        {
            var parts = Parts;
            var since = context.Clock.Ticks - (4 * context.Options.ElectionTimeout.Ticks);
            return
            [
                .. parts.Configuration.Members
                    .Where(m => m.IsVoter && m.NodeId != context.NodeId
                        && !(parts.Peers.TryGetValue(m.NodeId, out var peer) && peer.HeardAt > since))
                    .Select(m => m.NodeId),
            ];
        }
    }

    public TimeSpan? LeaderContact(StatusParts parts, long now)
    {
        if (parts.LeaderId is null)
            return null;
        if (parts.LeaderId == context.NodeId)
            return TimeSpan.Zero;
        return parts.Peers.TryGetValue(parts.LeaderId, out var peer)
            && peer.HeardAt > 0 ? TimeSpan.FromTicks(Math.Max(0, now - peer.HeardAt)) : null;
    }

    /// <summary>Records a change of leader or term. Returns <c>false</c> if the same leader of the same term was known before.</summary>
    public bool RecordElection(RoleChanged changed)
    {
        if (_elections.Count > 0 && _elections[0].Term == changed.Term && _elections[0].LeaderId == changed.LeaderId)
            return false;
        // The stalls that this node noticed before it come first in the chain of causes.
        var why = context.Ports.Stalls?.ChainSince(context.Clock.Wall - context.Options.ElectionTimeout * 4) + changed.Cause;
        _elections.Insert(0, new() { Term = changed.Term, LeaderId = changed.LeaderId, At = context.Clock.Wall, Cause = why });
        if (changed.LeaderId is not null)
            context.Ports.Telemetry?.Elected();
        if (_elections.Count > KeptElections)
            _elections.RemoveAt(KeptElections);
        return true;
    }

    /// <summary>Before a message of the step can leave: a lease read must see what a peer may acknowledge because of it.</summary>
    public void PublishCommit()
    {
        Volatile.Write(ref _commitIndex, context.Core!.CommitIndex);
        Volatile.Write(ref _leaseUntil, quarantine.IsActive ? 0 : context.Core.LeaseUntil);
    }

    public void EndLease() => Volatile.Write(ref _leaseUntil, 0);

    /// <summary>At the end of a turn.</summary>
    public void PublishIfDue()
    {
        if (context.Now.Ticks - _publishedAt >= Interval)
            Publish();
    }

    /// <summary>Publishes the status and completes <see cref="Changed"/>.</summary>
    public void PublishNow()
    {
        Publish();
        Interlocked.Exchange(ref _changed, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
    }

    public void Publish()
    {
        _publishedAt = context.Now.Ticks;
        if (context.Core is not { } core)
            return;
        // Not for good: a node that becomes a member again can be watched again.
        if (!context.IsClosed && core.Role == RaftRole.Removed && _parts.Role != RaftKvRole.Removed)
            context.Applier.Changes.Watches.End(() => Errors.Removed(context.NodeId), forGood: false);
        bootstrap.Publish();
        Volatile.Write(ref _parts, new StatusParts
        {
            Role = context.IsClosed ? _parts.Role : RoleOf(core.Role),
            Term = core.Term,
            LeaderId = context.IsClosed ? null : core.LeaderId,
            HasQuorum = core.Role != RaftRole.Leader || core.HasQuorum,
            WithoutLeaderSince = _parts is { LeaderId: null, Role: not RaftKvRole.Unformed } ? _parts.WithoutLeaderSince
                : context.Now.Ticks,
            FirstIndex = core.FirstIndex,
            LastIndex = core.LastIndex,
            LastTerm = core.LastTerm,
            DurableIndex = core.DurableIndex,
            SnapshotIndex = core.SnapshotIndex,
            SnapshotTerm = core.SnapshotTerm,
            Configuration = core.Configuration,
            IsOnlyVoter = !context.IsClosed && core.CanServeReads && core.Configuration.VoterCount == 1
                && core.CommittedConfiguration.VoterCount == 1,
            HasItsRole = HasItsRole(core.CommittedConfiguration),
            ConfigurationIndex = core.ConfigurationIndex,
            Peers = PeersOf(core),
            Elections = [.. _elections],
            Fault = _parts.Fault,
        });
    }

    /// <summary>From now on the node is faulted or stopped.</summary>
    public void PublishClosed(RaftKvRole role, string why)
    {
        Volatile.Write(ref _parts,
            _parts with { Role = role, LeaderId = null, IsOnlyVoter = false, Fault = role == RaftKvRole.Faulted ? why : null });
        PublishNow();
    }

    /// <summary>A node that was faulted has stopped now as well. Completes <see cref="Changed"/>.</summary>
    public void PublishStopped()
    {
        Volatile.Write(ref _parts, _parts with { Role = RaftKvRole.Stopped });
        PublishNow();
    }

    /// <summary>The node has given up its cluster.</summary>
    public void Reset() => Volatile.Write(ref _parts, StatusParts.Unformed);

    private Dictionary<string, PeerStatus> PeersOf(RaftCore core)
    {
        var peers = new Dictionary<string, PeerStatus>();
        foreach (var member in core.Configuration.Members)
        {
            if (member.NodeId != context.NodeId)
                peers[member.NodeId] = new PeerStatus(null, contacts.HeardAt(member.NodeId));
        }
        foreach (var progress in core.Peers)
        {
            if (peers.TryGetValue(progress.NodeId, out var peer))
                peers[progress.NodeId] = new PeerStatus(progress.Match, peer.HeardAt, progress.HasLostEntries);
        }
        return peers;
    }

    /// <summary>
    /// Whether the committed configuration has this node in the role it was configured for. A member that is to vote has its role only once
    /// its promotion is committed: until then the cluster cannot do without the vote of another. With
    /// <see cref="RaftKvOptions.TargetVoters"/> voters, further members stand by, and that is their role.
    /// </summary>
    private bool HasItsRole(ClusterConfiguration committed) =>
        committed.Find(context.NodeId) is { } self && self.IsOf(context.Identity.Incarnation)
        && (self.Role != MemberRole.Joining || (context.Options.TargetVoters > 0 && committed.VoterCount >= context.Options.TargetVoters));

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
