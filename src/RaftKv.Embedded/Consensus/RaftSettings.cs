namespace RaftKv.Embedded.Consensus;

/// <summary>The settings of a core. All durations are in ticks of 100 ns, all sizes in bytes.</summary>
internal sealed record RaftSettings
{
    public required string NodeId { get; init; }

    /// <summary>
    /// The identity of this node's data directory. A member with this node's name and another incarnation is an earlier data directory,
    /// whose votes are not this node's own. Empty: not known, and matches every incarnation.
    /// </summary>
    public Guid Incarnation { get; init; }

    /// <summary>Seeds the core's own generator; the same seed and events give the same effects.</summary>
    public required ulong Seed { get; init; }

    public long HeartbeatInterval { get; init; } = TimeSpan.FromMilliseconds(50).Ticks;

    /// <summary>The lower bound; each wait is drawn from one to two of these.</summary>
    public long ElectionTimeout { get; init; } = TimeSpan.FromMilliseconds(250).Ticks;

    /// <summary>By how much two clocks may drift apart during one read lease, as a fraction of it.</summary>
    public double MaxClockDrift { get; init; } = 0.1;

    /// <summary>How long a commit may wait for other traffic before followers are told of it.</summary>
    public long CommitNotifyDelay { get; init; } = TimeSpan.FromMilliseconds(1).Ticks;

    /// <summary>The most one AppendEntries carries; a single larger entry still goes alone.</summary>
    public int MaxAppendBytes { get; init; } = 1024 * 1024;

    /// <summary>The most that may be under way to one follower unanswered.</summary>
    public long MaxInflightBytes { get; init; } = 8 * 1024 * 1024;

    /// <summary>The most messages that may be under way to one follower unanswered.</summary>
    public int MaxInflightMessages { get; init; } = 256;

    /// <summary>The most that may be appended and not yet durable here, committed and applied; beyond it proposals are refused.</summary>
    public long MaxUncommittedBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>How much of the applied log stays in memory for followers.</summary>
    public long CacheBytes { get; init; } = 16 * 1024 * 1024;

    /// <summary>The most that one message to a follower carries when its link is slow. A single larger entry still goes alone.</summary>
    public int SmallestPieceBytes { get; init; } = 16 * 1024;

    /// <summary>By how much the bytes under way to a follower may delay what is sent after them.</summary>
    public long LinkQueueTarget => ElectionTimeout / 3;

    /// <summary>
    /// The most bytes of a snapshot that wait for the follower's disk. Pieces beyond are dropped, and the follower asks for them again.
    /// </summary>
    public long MaxSnapshotWaitingBytes => 8L * SnapshotChunkBytes;

    /// <summary>The largest piece of a snapshot.</summary>
    public int SnapshotChunkBytes { get; init; } = 1024 * 1024;

    /// <summary>How many members vote; further members stand by without a vote. 0: all of them vote.</summary>
    public int TargetVoters { get; init; }

    /// <summary>How long a voter must have been silent before a member that stands by takes its place.</summary>
    public long SilentVoterTimeout { get; init; } = TimeSpan.FromSeconds(30).Ticks;

    /// <summary>
    /// How long a member must have been silent before another data directory may take its name. Never less than two election timeouts.
    /// </summary>
    public long ReplacedDiskTimeout { get; init; } = TimeSpan.FromSeconds(30).Ticks;

    /// <summary>How long a transfer of the leadership may take before the leader leads on.</summary>
    public long TransferTimeout { get; init; } = TimeSpan.FromSeconds(2).Ticks;
}
