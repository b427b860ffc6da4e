namespace RaftKv.Embedded;

/// <summary>What a read asks for. <c>default</c> is linearizable.</summary>
public readonly record struct KvReadOptions
{
    /// <summary>How fresh the answer must be.</summary>
    public KvConsistency Consistency { get; init; }

    /// <summary>
    /// Wait until this node has applied at least this version. With <see cref="KvConsistency.Stale"/> it gives read-your-writes on any node
    /// without asking the leader.
    /// </summary>
    public KvVersion MinVersion { get; init; }

    /// <summary>This node's own copy, at once.</summary>
    public static KvReadOptions Stale => new() { Consistency = KvConsistency.Stale };

    /// <summary>The leader's lease instead of a quorum round.</summary>
    public static KvReadOptions LeaderLease => new() { Consistency = KvConsistency.LeaderLease };

    /// <summary>This node's own copy, once it has applied <paramref name="version"/>.</summary>
    public static KvReadOptions AtLeast(KvVersion version) => new() { Consistency = KvConsistency.Stale, MinVersion = version };
}
