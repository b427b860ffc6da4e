namespace RaftKv.Simulation;

/// <summary>
/// What a run is like. Each seed leaves out whole classes of faults and turns others up, because some bugs only show in calm water and
/// some only in a particular storm (swarm testing, Groce et al. 2012).
/// </summary>
internal sealed class Swarm
{
    public Swarm(Chance chance)
    {
        Founders = (int)chance.Between(1, 5);
        Spares = chance.OneIn(2) ? (int)chance.Between(1, 2) : 0;
        Alone = Founders == 1 || chance.OneIn(4);
        NetworkDelay = chance.Pick([100, 300, 1_000, 5_000, 20_000]) * VirtualTime.Microsecond;
        LossPercent = Often(chance, 20);
        DuplicatePercent = Often(chance, 20);
        LatePercent = Often(chance, 20);
        LoopDelay = chance.Pick([20, 100, 1_000]) * VirtualTime.Microsecond;
        LogDelay = chance.Pick([100, 1_000, 10_000]) * VirtualTime.Microsecond;
        ApplyDelay = chance.Pick([50, 500, 10_000]) * VirtualTime.Microsecond;
        WorkDelay = chance.Pick([1_000, 20_000, 200_000]) * VirtualTime.Microsecond;
        Crashes = chance.OneIn(2);
        Blackouts = chance.OneIn(4);
        Stops = chance.OneIn(3);
        Partitions = chance.OneIn(2);
        Resets = chance.OneIn(2);
        Pauses = chance.OneIn(3);
        Membership = Spares > 0 || (Founders > 2 && chance.OneIn(3));
        Transfers = chance.OneIn(2);
        SnapshotsOnDemand = chance.OneIn(4);
        WallJumps = chance.OneIn(4);
        DiskFaults = chance.OneIn(6);
        Leases = chance.OneIn(2);
        Cancels = chance.OneIn(4);
        FaultInterval = chance.Pick([300, 1_000, 3_000]) * VirtualTime.Millisecond;
        Callers = (int)chance.Between(1, 8);
        ThinkTime = chance.Pick([200, 5_000, 50_000]) * VirtualTime.Microsecond;
        Keys = (int)chance.Between(1, 6);
        ValueBytes = chance.Pick([8, 100, 2_000]);
        RequestTimeout = chance.Pick([300, 1_000, 5_000]) * VirtualTime.Millisecond;
        SnapshotThresholdBytes = chance.Pick([1_000, 8_000, 100_000]);
        LogRetentionBytes = chance.Pick([0, 2_000, 50_000]);
        LogCacheBytes = chance.Pick([500, 4_000, 100_000]);
        ChunkBytes = chance.Pick([300, 2_000, 1_000_000]);
        SegmentBytes = chance.Pick([8 * 1024, 32 * 1024]);
        Drift = chance.OneIn(2) ? 40 : 0;
        Length = chance.Between(5, 30) * VirtualTime.Second;
    }

    public int Founders { get; }
    public int Spares { get; }

    /// <summary>The first node founds a cluster of one with its first write and adds the others; otherwise they are configured.</summary>
    public bool Alone { get; }
    public long NetworkDelay { get; }
    public long LossPercent { get; }
    public long DuplicatePercent { get; }

    /// <summary>How many messages arrive much later than those sent after them.</summary>
    public long LatePercent { get; }
    public long LoopDelay { get; }
    public long LogDelay { get; }
    public long ApplyDelay { get; }
    public long WorkDelay { get; }
    public bool Crashes { get; }

    /// <summary>All nodes lose power at once.</summary>
    public bool Blackouts { get; }
    public bool Stops { get; }
    public bool Partitions { get; }
    public bool Resets { get; }
    public bool Pauses { get; }
    public bool Membership { get; }
    public bool Transfers { get; }
    public bool SnapshotsOnDemand { get; }
    public bool WallJumps { get; }
    public bool DiskFaults { get; }
    public bool Leases { get; }
    public bool Cancels { get; }
    public long FaultInterval { get; }
    public int Callers { get; }
    public long ThinkTime { get; }
    public int Keys { get; }
    public int ValueBytes { get; }
    public long RequestTimeout { get; }
    public long SnapshotThresholdBytes { get; }
    public long LogRetentionBytes { get; }
    public long LogCacheBytes { get; }
    public int ChunkBytes { get; }
    public int SegmentBytes { get; }

    /// <summary>By how much clocks may be fast or slow, in parts per thousand; two of them differ by less than the tenth that leases allow for.</summary>
    public long Drift { get; }

    /// <summary>Of the part with faults.</summary>
    public long Length { get; }

    private static long Often(Chance chance, long most) => chance.OneIn(2) ? 0 : chance.Between(1, most);
}
