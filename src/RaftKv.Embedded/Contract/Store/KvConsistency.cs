namespace RaftKv.Embedded;

/// <summary>How fresh a read must be.</summary>
public enum KvConsistency
{
    /// <summary>
    /// Sees every write that was acknowledged anywhere before the read began (read index, Raft dissertation §6.4). One quorum round serves
    /// all reads that wait; on a follower only an index crosses the wire.
    /// </summary>
    Linearizable = 0,

    /// <summary>
    /// As linearizable, but the leader answers without a round while its lease holds (Raft dissertation §6.4.1). Correct as long as clocks
    /// of the nodes drift apart by less than <see cref="RaftKvOptions.MaxClockDrift"/>. On a follower such a read is served as
    /// <see cref="Linearizable"/>.
    /// </summary>
    LeaderLease = 1,

    /// <summary>
    /// This node's own copy, at once, with or without a leader. Never goes back in time while the process lives. A node that has started
    /// waits until it has applied what its cluster had committed after the start, so reads do not go back over a restart either. When no
    /// leader is known for eight election timeouts after the start (2 s at least, half of <see cref="RaftKvOptions.RequestTimeout"/> at
    /// most), the node serves the state that the process before had served; after a power loss it may be an older state that the operating
    /// system had written, usually at most half a minute older. <see cref="KvGetResult.Age"/> says how old the copy may be,
    /// <see cref="KvReadOptions.MaxAge"/> limits it.
    /// </summary>
    Stale = 2,
}
