namespace RaftKv.Embedded;

/// <summary>How durable a write is before it is acknowledged.</summary>
public enum RaftKvDurability
{
    /// <summary>fdatasync on a quorum of the nodes. The default.</summary>
    Fsync = 0,

    /// <summary>
    /// In the page cache of a quorum: survives the death of processes, but not a power loss of a quorum. For tests and for data that can be
    /// computed again. Shown in every status, and logged as a warning at each start.
    /// </summary>
    OsBuffered = 1,

    /// <summary>
    /// In the memory of a quorum, for tests and caches: no file is written, no <see cref="RaftKvOptions.DataDirectory"/> is needed, and
    /// <see cref="RaftKvOptions.MemoryBudgetBytes"/> bounds the log, the snapshots and the records together. A node that restarts has lost
    /// everything, its vote included. The cluster admits it again under a new identity, like a node whose disk was replaced, once it has
    /// been silent for <see cref="RaftKvOptions.ReplacedDiskTimeout"/>; that needs a quorum of the others. When more than half of the
    /// voters restart before that, acknowledged writes are lost and the cluster has no quorum any more. The restarted nodes found no second
    /// cluster while a node that remembers the first one runs, so all nodes have to be restarted, which loses all data. Shown in every
    /// status, and logged as a warning at each start (143).
    /// </summary>
    Memory = 2,
}
