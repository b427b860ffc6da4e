namespace RaftKv.Embedded;

/// <summary>Whether a node serves linearizable reads and writes, and if not, why.</summary>
public enum RaftKvReadiness
{
    /// <summary>
    /// The node has the role it was configured for, has applied everything that was committed at some moment after its start, and knows a
    /// leader. A node that has no cluster yet, and whose first write bootstraps one, is ready too.
    /// </summary>
    Ready = 0,

    /// <summary>The node has no cluster yet: it waits to be added, or for the first start of its peers.</summary>
    NotFormed = 1,

    /// <summary>The node has not applied yet what was committed when it started, or later.</summary>
    CatchingUp = 2,

    /// <summary>
    /// The node does not have its intended role yet: no committed configuration that it knows has it as a member, or it was added as a
    /// voter and was not promoted yet.
    /// </summary>
    Joining = 3,

    /// <summary>The node knows no leader: the cluster has lost its quorum, is holding an election, or cannot be reached.</summary>
    NoLeader = 4,

    /// <summary>
    /// The copy of the node differs from the majority's and is being replaced; see <see cref="RaftKvStatus.Quarantine"/>.
    /// </summary>
    Quarantined = 5,

    /// <summary>The node is stopping, or hands the leadership over before it stops.</summary>
    Stopping = 6,

    /// <summary>The node was removed from its cluster.</summary>
    Removed = 7,

    /// <summary>The node stopped taking part after an error; see <see cref="RaftKvStatus.Fault"/>.</summary>
    Faulted = 8,

    /// <summary>The node has stopped.</summary>
    Stopped = 9,

    /// <summary>
    /// A write of the log or the applying of entries has hung on this node for longer than 5 seconds, or than four election timeouts if
    /// these are longer; see <see cref="RaftKvStatus.Stalls"/>.
    /// </summary>
    Stalled = 10,

    /// <summary>The node is still opening its data.</summary>
    Opening = 11,

    /// <summary>The node leads, but no quorum has answered it recently, or it has not committed an entry of its own term yet.</summary>
    NoQuorum = 12,

    /// <summary>
    /// The data directory is older than what a peer has seen of it, and the cluster has not admitted the node again yet; see
    /// <see cref="RaftKvStatus.RolledBack"/>.
    /// </summary>
    RolledBack = 13,

    /// <summary>
    /// The disk of this follower has no room for the entries that the leader sends, so that the node falls behind until there is room.
    /// </summary>
    DiskFull = 14,
}
