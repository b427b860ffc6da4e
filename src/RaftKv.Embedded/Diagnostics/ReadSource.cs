namespace RaftKv.Embedded.Diagnostics;

/// <summary>What made a read as fresh as it asked for.</summary>
internal enum ReadSource
{
    /// <summary>Nothing: a stale read of this node's copy.</summary>
    OwnCopy,

    /// <summary>The lease of this node, which leads.</summary>
    Lease,

    /// <summary>A read index that a quorum confirmed.</summary>
    ReadIndex,

    /// <summary>Nothing, because no leader is known and the read allows that.</summary>
    WithoutLeader,
}
