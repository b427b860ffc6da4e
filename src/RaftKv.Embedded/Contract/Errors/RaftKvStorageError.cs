namespace RaftKv.Embedded;

/// <summary>What is wrong with the data directory.</summary>
public enum RaftKvStorageError
{
    /// <summary>An operation of the file system failed; the inner exception has its error number.</summary>
    Io = 0,

    /// <summary>The disk is full.</summary>
    DiskFull = 1,

    /// <summary>Another process has the data directory open.</summary>
    Locked = 2,

    /// <summary>The data directory belongs to another node or cluster, or to no node and has entries that no node made.</summary>
    ForeignDirectory = 3,

    /// <summary>A file is damaged where it must not be.</summary>
    Damaged = 4,

    /// <summary>
    /// A file was written by a newer version of this library, or the cluster uses a feature level that this version does not support.
    /// </summary>
    NewerFormat = 5,

    /// <summary>The directory cannot be created or written.</summary>
    NotWritable = 6,

    /// <summary>The directory has the data of a cluster already, and a restore needs one without.</summary>
    NotEmpty = 7,

    /// <summary>
    /// The directory's cluster lost its quorum and was replaced by a recovery; see <see cref="Recovery.RaftKvRecovery"/>.
    /// </summary>
    Retired = 8,

    /// <summary>
    /// The backup was restored before, and the data directory is empty: a second restore would found a second cluster; see
    /// <see cref="RaftKvOptions.RestoreFrom"/>.
    /// </summary>
    AlreadyRestored = 9,
}
