namespace RaftKv.Embedded;

/// <summary>Why a call could not be served.</summary>
public enum RaftKvUnavailableReason
{
    /// <summary>This node does not belong to a cluster yet: it waits to be joined or for its peers' first start.</summary>
    NotFormed = 0,

    /// <summary>No leader is known.</summary>
    NoLeader = 1,

    /// <summary>A leader is known, but no quorum answered in time.</summary>
    NoQuorum = 2,

    /// <summary>Too much is waiting already; the queue's limit is in bytes.</summary>
    Overloaded = 3,

    /// <summary>This node is stopping.</summary>
    Stopping = 4,

    /// <summary>This node was removed from its cluster.</summary>
    Removed = 5,

    /// <summary>
    /// This node stopped taking part after an error of its disk or a broken invariant; see <see cref="RaftKvStatus.Fault"/>.
    /// </summary>
    Faulted = 6,

    /// <summary>This node is behind what was asked for; it will catch up.</summary>
    NotReady = 7,

    /// <summary>This node's copy differs from the majority's and is being replaced; see <see cref="RaftKvStatus.Quarantine"/>.</summary>
    Quarantined = 8,

    /// <summary>
    /// The disk of the leader, or the disks of a quorum, are nearly full: writes that add data are refused, deletes are not. Ends by
    /// itself; see <see cref="RaftKvOptions.DiskReserveBytes"/>.
    /// </summary>
    NoSpace = 9,

    /// <summary>Some member runs a version that does not know this kind of call; it can be used once all are upgraded.</summary>
    FeatureNotActive = 10,

    /// <summary>
    /// This node's copy may be older than the read allows (<see cref="KvReadOptions.MaxAge"/>), and could not be brought up to date in
    /// time.
    /// </summary>
    StaleRead = 11,

    /// <summary>Other writers changed the key during all attempts of an optimistic update.</summary>
    Conflict = 12,
}
