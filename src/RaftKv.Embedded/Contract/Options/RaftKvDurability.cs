namespace RaftKv.Embedded;

/// <summary>What "written" means before a write is acknowledged.</summary>
public enum RaftKvDurability
{
    /// <summary>fdatasync on a quorum of the nodes. The default.</summary>
    Fsync = 0,

    /// <summary>
    /// In the page cache of a quorum: survives the death of processes, not a power cut of a quorum. For tests and for data that can
    /// be made again; shown in every status.
    /// </summary>
    OsBuffered = 1,

    /// <summary>
    /// In the memory of a quorum, for tests and caches: no file is written, no <see cref="RaftKvOptions.DataDirectory"/> is needed, and
    /// <see cref="RaftKvOptions.MemoryBudgetBytes"/> bounds the log, the snapshots and the records together. A node that restarts has lost
    /// everything, its vote included; the cluster admits it again under a new identity, as one whose disk was replaced, once it has been
    /// silent for <see cref="RaftKvOptions.ReplacedDiskTimeout"/>. That needs a quorum of the others. When more than half of the voters
    /// restart before that, acknowledged writes are lost and the cluster has no quorum any more: the nodes that were restarted found no
    /// second cluster while one that remembers the first runs, so all have to be restarted, which loses all data. Shown in every status,
    /// and logged as a warning at each start (143).
    /// </summary>
    Memory = 2,
}
