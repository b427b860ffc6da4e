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

    /// <summary>What this node is doing.</summary>
    public RaftKvRole Role { get; init; }

    /// <summary>
    /// Whether this node serves linearizable reads and writes now: it has the role it was configured for (a voter that joins is promoted),
    /// has applied everything that was committed at some moment after its start, and knows a leader. A rolling replacement of disks or
    /// machines waits for it before each next step.
    /// </summary>
    public bool IsReady { get; init; }

    /// <summary>Why <see cref="IsReady"/> is as it is.</summary>
    public RaftKvReadiness Readiness { get; init; }

    /// <summary>Its term.</summary>
    public long Term { get; init; }

    /// <summary>The leader it knows, if any.</summary>
    public string? LeaderId { get; init; }

    /// <summary>The first entry still in its log.</summary>
    public long FirstIndex { get; init; }

    /// <summary>The last entry of its log.</summary>
    public long LastIndex { get; init; }

    /// <summary>The term of the last entry.</summary>
    public long LastTerm { get; init; }

    /// <summary>How far its own disk has the log.</summary>
    public long DurableIndex { get; init; }

    /// <summary>How far the log is committed, as far as this node knows.</summary>
    public long CommitIndex { get; init; }

    /// <summary>How far this node has applied it.</summary>
    public long AppliedIndex { get; init; }

    /// <summary>The last entry covered by its newest snapshot; 0 if none.</summary>
    public long SnapshotIndex { get; init; }

    /// <summary>The term of that entry.</summary>
    public long SnapshotTerm { get; init; }

    /// <summary>How long ago it last heard from the leader: zero on the leader, <c>null</c> if never.</summary>
    public TimeSpan? LastContact { get; init; }

    /// <summary>How many keys the store holds.</summary>
    public long KeyCount { get; init; }

    /// <summary>What the ordered index of the keys takes in memory, in bytes: about the keys themselves and 10 bytes for each.</summary>
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

    /// <summary>How this node makes acknowledged writes durable; another member may do it in another way.</summary>
    public RaftKvDurability Durability { get; init; }

    /// <summary>The sizes that the cluster takes; on a node without a cluster those of its own options.</summary>
    public RaftKvLimits Limits { get; init; } = RaftKvLimits.Default;

    /// <summary>Why the node is <see cref="RaftKvRole.Faulted"/>.</summary>
    public string? Fault { get; init; }

    /// <summary>
    /// What the node waits for while it has no cluster, or hears no leader of the one that has begun to admit it, and what to do about
    /// it. <c>null</c> on a node that a committed configuration of its cluster has named, and on one that founds a cluster of one with its
    /// first write.
    /// </summary>
    public string? WaitsFor { get; init; }

    /// <summary>
    /// Why the node serves nothing although it takes part: its copy differs from the majority's and is being replaced. Usually <c>null</c>.
    /// </summary>
    public string? Quarantine { get; init; }

    /// <summary>
    /// Why this node gives no vote, acknowledges nothing and is not ready: its data directory is older than what a peer has seen of it. The
    /// cluster admits the node again as a learner, feeds it and promotes it while a quorum of the others is there; <c>null</c> when the
    /// directory is not in doubt.
    /// </summary>
    public string? RolledBack { get; init; }

    /// <summary>
    /// The last entry at which the copies of all members were compared and found equal, as far as this node led the comparison.
    /// </summary>
    public long VerifiedIndex { get; init; }

    /// <summary>Free bytes of the disk of the data directory; <c>null</c> while not known.</summary>
    public long? FreeDiskBytes { get; init; }

    /// <summary>
    /// Whether this node's disk has less room than its reserve; on a leader also whether it refuses writes that add data because a quorum
    /// lacks room.
    /// </summary>
    public bool IsDiskFull { get; init; }

    /// <summary>
    /// By how much log time is ahead of this node's wall clock; negative when it is behind, <c>null</c> while the node has no cluster. The
    /// distance changes nothing about how long keys live. A large one shows that the cluster once started with clocks that were wrong.
    /// </summary>
    public TimeSpan? LogTimeAhead { get; init; }

    /// <summary>
    /// The last times in which this node did not get on, newest first, those that are still going on included; at most 16.
    /// </summary>
    public IReadOnlyList<RaftKvStall> Stalls { get; init; } = [];
}
