using RaftKv.Embedded.Consensus;

namespace RaftKv.Embedded.Replica;

/// <summary>What the replica publishes about itself now and then; immutable.</summary>
internal sealed record StatusParts
{
    public static StatusParts Unformed { get; } = new();

    public RaftKvRole Role { get; init; } = RaftKvRole.Unformed;
    public long Term { get; init; }
    public string? LeaderId { get; init; }
    public long FirstIndex { get; init; }
    public long LastIndex { get; init; }
    public long LastTerm { get; init; }
    public long DurableIndex { get; init; }
    public long SnapshotIndex { get; init; }
    public long SnapshotTerm { get; init; }
    public ClusterConfiguration Configuration { get; init; } = ClusterConfiguration.Empty;
    public long ConfigurationIndex { get; init; }

    /// <summary>Per member but this node: how far it is known to match (leader only), and when it was last heard of, in ticks; 0 is never.</summary>
    public IReadOnlyDictionary<string, (long? Match, long HeardAt)> Peers { get; init; } = new Dictionary<string, (long?, long)>();

    public IReadOnlyList<RaftKvElection> Elections { get; init; } = [];
    public string? Fault { get; init; }
}
