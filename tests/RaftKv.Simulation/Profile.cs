namespace RaftKv.Simulation;

/// <summary>Storms that chance alone would rarely put together.</summary>
internal enum Profile
{
    /// <summary>Anything with anything.</summary>
    Mixed,

    /// <summary>Leaders fall as soon as they rise and leave entries on few nodes behind (Raft §5.4.2, figure 8).</summary>
    Churn,

    /// <summary>Clocks at the edge of what is allowed, reads from leases, links that fail one after the other.</summary>
    Leases,

    /// <summary>Members come and go all the time, and get their state in snapshots.</summary>
    Growth,
}
