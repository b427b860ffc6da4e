namespace RaftKv.Simulation;

/// <summary>Storms that chance alone would rarely put together.</summary>
public enum Profile
{
    /// <summary>Anything with anything.</summary>
    Mixed,

    /// <summary>Leaders fall as soon as they rise and leave entries on few nodes behind (Raft §5.4.2, figure 8).</summary>
    Churn,

    /// <summary>Clocks at the edge of what is allowed, reads from leases, links that fail one after the other, followers that forget what they promised.</summary>
    Leases,

    /// <summary>Members come and go all the time, and get their state in snapshots.</summary>
    Growth,

    /// <summary>Leaders that believe to lead and are cut off, slow or overheard: what they appended and were told is still on its way when another one leads.</summary>
    StaleLeaders,

    /// <summary>Members get new disks while one does not hear of it, and then only they can lead.</summary>
    UnknownPeers,

    /// <summary>Members come back with empty disks, and are cut off while they read about the ones they were.</summary>
    ReplacedDisks,

    /// <summary>More is written than the disks take.</summary>
    Overload,

    /// <summary>Processes restart on what the page cache has and the disk has not, because a sync failed, and then the power goes.</summary>
    FailedSyncs,

    /// <summary>Bits flip where they are read next.</summary>
    Damage,

    /// <summary>Leases and keys that end, holders that sleep, wall clocks that are set wrong.</summary>
    Holders,

    /// <summary>Leaders die, and the next one is asked at once for changes of members that it has not the voters for.</summary>
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

    /// <summary>Disks of different sizes fill up, and nothing is wrong with them otherwise.</summary>
    FullDisks,

    /// <summary>Links deliver fewer bytes than their senders would like to send: snapshots, logs and forwarded writes wait for them.</summary>
    SlowLinks,
}
