namespace RaftKv.Embedded.Diagnostics;

/// <summary>How the freshness that a read asked for was ensured.</summary>
internal enum ReadSource
{
    /// <summary>Nothing: a stale read of this node's copy.</summary>
    OwnCopy,

    /// <summary>The read lease of this node, which is the leader.</summary>
    Lease,

    /// <summary>A read index that a quorum confirmed.</summary>
    ReadIndex,

    /// <summary>Nothing, because no leader is known and the read allows that.</summary>
    WithoutLeader,
}
