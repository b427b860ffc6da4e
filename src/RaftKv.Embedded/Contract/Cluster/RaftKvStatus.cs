namespace RaftKv.Embedded;

/// <summary>A node's view of itself and its cluster at one moment.</summary>
public sealed record RaftKvStatus
{
    /// <summary>This node's name.</summary>
    public required string NodeId { get; init; }

    /// <summary>Where its peers reach it, host:port.</summary>
    public required string Address { get; init; }

    /// <summary>The cluster's identity; <see cref="Guid.Empty"/> while unformed.</summary>
    public Guid ClusterId { get; init; }

    /// <summary>The role of this node.</summary>
    public RaftKvRole Role { get; init; }

    /// <summary>
    /// Whether this node serves linearizable reads and writes now: it has the role it was configured for (a voter that joins is promoted),
    /// has applied everything that was committed at some moment after its start, and knows a leader. A rolling replacement of disks or
    /// machines waits for it before each next step.
    /// </summary>
    public bool IsReady { get; init; }

    /// <summary><see cref="RaftKvReadiness.Ready"/>, or why <see cref="IsReady"/> is <c>false</c>.</summary>
    public RaftKvReadiness Readiness { get; init; }

    /// <summary>The node's current term.</summary>
    public long Term { get; init; }

    /// <summary>The leader it knows, if any.</summary>
    public string? LeaderId { get; init; }

    /// <summary>The first entry still in its log.</summary>
    public long FirstIndex { get; init; }

    /// <summary>The last entry of its log.</summary>
    public long LastIndex { get; init; }

    /// <summary>The term of the last entry.</summary>
    public long LastTerm { get; init; }

    /// <summary>The last entry that this node's own disk has durably.</summary>
    public long DurableIndex { get; init; }

    /// <summary>The last committed entry, as far as this node knows.</summary>
    public long CommitIndex { get; init; }

    /// <summary>The last entry that this node has applied.</summary>
    public long AppliedIndex { get; init; }

    /// <summary>The last entry covered by its newest snapshot; 0 if none.</summary>
    public long SnapshotIndex { get; init; }

    /// <summary>The term of that entry.</summary>
    public long SnapshotTerm { get; init; }

    /// <summary>How long ago it last heard from the leader: zero on the leader, <c>null</c> if never.</summary>
    public TimeSpan? LastContact { get; init; }

    /// <summary>How many keys the store holds.</summary>
    public long KeyCount { get; init; }

    /// <summary>Memory of the ordered index of the keys, in bytes: about the keys themselves and 10 bytes for each.</summary>
    public long KeyIndexBytes { get; init; }

    /// <summary>The oldest version that a watch on this node can begin at.</summary>
    public KvVersion OldestWatchableVersion { get; init; }

    /// <summary>How many watches there are on this node.</summary>
    public int WatchCount { get; init; }

    /// <summary>When this node's leader last changed, with the cause, newest first; at most 16.</summary>
    public IReadOnlyList<RaftKvElection> Elections { get; init; } = [];

    /// <summary>The members in force on this node.</summary>
    public IReadOnlyList<RaftKvMemberStatus> Members { get; init; } = [];

    /// <summary>The log index of the configuration in force.</summary>
    public long ConfigurationIndex { get; init; }

    /// <summary>How this node makes acknowledged writes durable; other members may have another setting.</summary>
    public RaftKvDurability Durability { get; init; }

    /// <summary>The size limits of the cluster; on a node without a cluster, those of its own options.</summary>
    public RaftKvLimits Limits { get; init; } = RaftKvLimits.Default;

    /// <summary>Why the node is <see cref="RaftKvRole.Faulted"/>.</summary>
    public string? Fault { get; init; }

    /// <summary>
    /// What the node waits for while it has no cluster, or hears no leader of the cluster that has begun to admit it, and what to do about
    /// it. <c>null</c> on a node that a committed configuration of its cluster has named, and on a node whose first write bootstraps a
    /// cluster of one.
    /// </summary>
    public string? WaitsFor { get; init; }

    /// <summary>
    /// Why the node serves no calls although it takes part: its copy differs from the majority's and is being replaced. Usually
    /// <c>null</c>.
    /// </summary>
    public string? Quarantine { get; init; }

    /// <summary>
    /// Why this node gives no vote, acknowledges nothing and is not ready: its data directory is older than what a peer has seen of it.
    /// While a quorum of the others is there, the cluster admits the node again as a learner, sends it the missing data and promotes it.
    /// <c>null</c> when the directory is not in doubt.
    /// </summary>
    public string? RolledBack { get; init; }

    /// <summary>
    /// The last entry at which the copies of all members were compared and found equal; only comparisons that this node began as the leader
    /// count. 0 if there is none.
    /// </summary>
    public long VerifiedIndex { get; init; }

    /// <summary>Free bytes on the volume of the data directory; <c>null</c> while not known.</summary>
    public long? FreeDiskBytes { get; init; }

    /// <summary>
    /// Whether this node's disk has less room than its reserve; on a leader also whether it refuses writes that add data because a quorum
    /// lacks room.
    /// </summary>
    public bool IsDiskFull { get; init; }

    /// <summary>
    /// By how much log time is ahead of this node's wall clock; negative when it is behind, <c>null</c> while the node has no cluster. The
    /// difference does not change how long keys live. A large one shows that the cluster once started with wrong clocks.
    /// </summary>
    public TimeSpan? LogTimeAhead { get; init; }

    /// <summary>The last times in which this node made no progress, newest first, ongoing ones included; at most 16.</summary>
    public IReadOnlyList<RaftKvStall> Stalls { get; init; } = [];
}
