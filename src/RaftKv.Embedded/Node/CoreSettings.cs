using RaftKv.Embedded.Consensus;

namespace RaftKv.Embedded.Node;

/// <summary>The options of a node as its core wants them.</summary>
internal static class CoreSettings
{
    /// <param name="options">The node's options, valid.</param>
    /// <param name="incarnation">The identity of the node's data directory.</param>
    /// <param name="seed">Seeds the core's randomness: differs from node to node.</param>
    public static RaftSettings From(RaftKvOptions options, Guid incarnation, ulong seed) => new()
    {
        NodeId = options.NodeId,
        Incarnation = incarnation,
        TargetVoters = options.TargetVoters,
        Seed = seed,
        HeartbeatInterval = options.HeartbeatInterval.Ticks,
        ElectionTimeout = options.ElectionTimeout.Ticks,
        MaxClockDrift = options.MaxClockDrift,
        ReplacedDiskTimeout = options.ReplacedDiskTimeout.Ticks,
        MaxUncommittedBytes = options.MaxPendingBytes,
        TransferTimeout = Math.Max(options.HandOverTimeout.Ticks, options.ElectionTimeout.Ticks * 2),
        CacheBytes = BytesForFollowers(options),
        MaxInflightBytes = BytesForFollowers(options),
    };

    /// <summary>As much as may be on its way to a follower is kept in memory too; the two largest writes always fit.</summary>
    private static long BytesForFollowers(RaftKvOptions options) =>
        Math.Max(8L * 1024 * 1024, 2L * Math.Max(options.MaxValueBytes, options.MaxTransactionBytes));
}
