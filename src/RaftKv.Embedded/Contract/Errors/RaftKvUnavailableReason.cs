namespace RaftKv.Embedded;

/// <summary>Why a call could not be served.</summary>
public enum RaftKvUnavailableReason
{
    /// <summary>This node does not belong to a cluster yet: it waits to be added, or for the first start of its peers.</summary>
    NotFormed = 0,

    /// <summary>No leader is known.</summary>
    NoLeader = 1,

    /// <summary>A leader is known, but no quorum answered in time.</summary>
    NoQuorum = 2,

    /// <summary>
    /// More bytes of writes wait on this node, or on the leader, than <see cref="RaftKvOptions.MaxPendingBytes"/> allows.
    /// </summary>
    Overloaded = 3,

    /// <summary>This node is stopping.</summary>
    Stopping = 4,

    /// <summary>This node was removed from its cluster.</summary>
    Removed = 5,

    /// <summary>
    /// This node stopped taking part after an error of its disk or a broken invariant; see <see cref="RaftKvStatus.Fault"/>.
    /// </summary>
    Faulted = 6,

    /// <summary>This node is behind the version that was asked for, or still opens its data; it will catch up.</summary>
    NotReady = 7,

    /// <summary>This node's copy differs from the majority's and is being replaced; see <see cref="RaftKvStatus.Quarantine"/>.</summary>
    Quarantined = 8,

    /// <summary>
    /// The storage (disk, or memory budget with <see cref="RaftKvDurability.Memory"/>) of the leader, or of so many voters that no quorum
    /// has room, is nearly full: writes that add data are refused, deletes are not. Writes are accepted again once there is room; see
    /// <see cref="RaftKvOptions.DiskReserveBytes"/>.
    /// </summary>
    NoSpace = 9,

    /// <summary>A member runs a version that does not know this kind of call; the call can be used once all members are upgraded.</summary>
    FeatureNotActive = 10,

    /// <summary>
    /// This node's copy may be older than the read allows (<see cref="KvReadOptions.MaxAge"/>), and could not be brought up to date in
    /// time.
    /// </summary>
    StaleRead = 11,

    /// <summary>Other writers changed the key during all attempts of an optimistic update.</summary>
    Conflict = 12,
}
