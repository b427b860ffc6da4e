namespace RaftKv.Simulation;

/// <summary>Storms: combinations of faults and load that chance alone would rarely produce.</summary>
public enum Profile
{
    /// <summary>Any fault with any other.</summary>
    Mixed,

    /// <summary>Leaders fail soon after their election and leave entries on few nodes (Raft §5.4.2, figure 8).</summary>
    Churn,

    /// <summary>
    /// Clocks at the edge of what is allowed, reads from leases, links that fail one after the other, followers that forget what they
    /// promised.
    /// </summary>
    Leases,

    /// <summary>Members come and go all the time, and get their state in snapshots.</summary>
    Growth,

    /// <summary>
    /// Leaders that believe to lead while they are cut off, slow, or do not hear the others: what they appended and were told is still
    /// under way when another node leads.
    /// </summary>
    StaleLeaders,

    /// <summary>Members get new disks while another member does not hear of it, and then only they can lead.</summary>
    UnknownPeers,

    /// <summary>Members come back with empty disks, and are cut off while they read configurations with their former identities.</summary>
    ReplacedDisks,

    /// <summary>More is written than the disks can take.</summary>
    Overload,

    /// <summary>
    /// Processes restart on what the page cache has and the disk has not, because a sync failed, and then the power goes.
    /// </summary>
    FailedSyncs,

    /// <summary>Bits flip where they are read next.</summary>
    Damage,

    /// <summary>Leases and keys that end, holders that sleep, wall clocks that are set wrong.</summary>
    Holders,

    /// <summary>Leaders die, and the next leader is asked at once for changes of members for which it has too few voters.</summary>
    ChangeAfterElection,

    /// <summary>Members come back with older images of their disks, and those that lag behind hear them before the leader.</summary>
    Rollbacks,

    /// <summary>The leadership moves again and again while little is written: the time of leases must go on.</summary>
    Handovers,

    /// <summary>
    /// Nodes ask to be admitted by themselves, and the entries that admit them are replaced; founders lose their disks before the others
    /// have an entry.
    /// </summary>
    Joiners,

    /// <summary>Disks of different sizes fill up, and have no other fault.</summary>
    FullDisks,

    /// <summary>
    /// Links deliver fewer bytes than their senders would like to send: snapshots, logs and forwarded writes wait for them.
    /// </summary>
    SlowLinks,

    /// <summary>
    /// The leadership moves away and back within the time that messages are late: those of an earlier leadership arrive in the present one.
    /// </summary>
    LateMessages,
}
