namespace RaftKv.Embedded;

/// <summary>
/// Options of a cache, see <see cref="Microsoft.Extensions.DependencyInjection.RaftKvCacheBuilderExtensions.AddDistributedCache"/>.
/// </summary>
public sealed class RaftKvCacheOptions
{
    /// <summary>
    /// The prefix of the keys of this cache in the store, so that several caches and other data of the application can share one cluster.
    /// The default is <c>cache/</c>. A key with its prefix has at most <see cref="RaftKvOptions.MaxKeyBytes"/> bytes.
    /// </summary>
    public string KeyPrefix { get; set; } = "cache/";

    /// <summary>
    /// How fresh a read is. <see cref="KvConsistency.Stale"/>, the default, reads this node's own copy at once, with or without a leader:
    /// it has everything that was written through this node; writes through another node appear a moment later.
    /// <see cref="KvConsistency.Linearizable"/> has everything that was written through any node before, for one quorum round; choose it
    /// where the requests of one user may go to different nodes, as with session state behind a load balancer without sticky sessions.
    /// <see cref="KvConsistency.LeaderLease"/> is the same without the round on the leader, while clocks drift apart by less than
    /// <see cref="RaftKvOptions.MaxClockDrift"/>.
    /// </summary>
    public KvConsistency Consistency { get; set; } = KvConsistency.Stale;

    /// <summary>
    /// What happens once no leader has been known for eight election timeouts (2 s at least, half of
    /// <see cref="RaftKvOptions.RequestTimeout"/> at most), so that a quorum is most likely lost. <c>true</c>, the default: reads use this
    /// node's own copy at once, whatever <see cref="Consistency"/> says, and may lack what was written elsewhere; writes are refused at
    /// once with <see cref="RaftKvUnavailableException"/>, so that entries that were computed from old values do not replace newer ones
    /// later. <c>false</c>: reads that need a leader, and writes, wait for one for <see cref="RaftKvOptions.RequestTimeout"/> and then
    /// fail.
    /// </summary>
    public bool StaleWithoutLeader { get; set; } = true;

    /// <summary>
    /// The sliding expiry of entries that are stored without any expiry; 1 ms to 100 years. <c>null</c>, the default, keeps them until they
    /// are removed: the cache does not evict the least used entries, because entries are on the disks of every node.
    /// </summary>
    public TimeSpan? DefaultSlidingExpiration { get; set; }
}
