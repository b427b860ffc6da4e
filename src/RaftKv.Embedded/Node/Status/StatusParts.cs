using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Node;

/// <summary>What the replica publishes about itself at intervals; immutable.</summary>
internal sealed record StatusParts
{
    public static StatusParts Unformed { get; } = new();

    public RaftKvRole Role { get; init; } = RaftKvRole.Unformed;
    public long Term { get; init; }
    public string? LeaderId { get; init; }

    /// <summary>In monotonic ticks; meaningful only while <see cref="LeaderId"/> is null.</summary>
    public long WithoutLeaderSince { get; init; }
    public long FirstIndex { get; init; }
    public long LastIndex { get; init; }
    public long LastTerm { get; init; }
    public long DurableIndex { get; init; }
    public long SnapshotIndex { get; init; }
    public long SnapshotTerm { get; init; }
    public ClusterConfiguration Configuration { get; init; } = ClusterConfiguration.Empty;
    public long ConfigurationIndex { get; init; }

    /// <summary>Whether this node leads and no other node has a vote.</summary>
    public bool IsOnlyVoter { get; init; }

    /// <summary>Whether the committed configuration has this node in the role it was configured for.</summary>
    public bool HasItsRole { get; init; }

    /// <summary>
    /// Whether this node does not lead, or leads with a quorum that has answered lately and an entry of its own term committed.
    /// </summary>
    public bool HasQuorum { get; init; } = true;

    /// <summary>By node id: every member except this node.</summary>
    public IReadOnlyDictionary<string, PeerStatus> Peers { get; init; } = new Dictionary<string, PeerStatus>();

    public IReadOnlyList<RaftKvElection> Elections { get; init; } = [];
    public string? Fault { get; init; }
}
