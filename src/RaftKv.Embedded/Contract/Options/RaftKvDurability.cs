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
}
