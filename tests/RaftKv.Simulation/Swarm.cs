namespace RaftKv.Simulation;

/// <summary>
/// The traits of a run. Each seed leaves out whole classes of faults and makes others more frequent, because some bugs show only without
/// certain faults, and some only in a particular combination (swarm testing, Groce et al. 2012). Every trait has random numbers of its own:
/// a new trait changes none of the others. The source of a trait keeps its name when the trait is renamed, so that a seed stays the same
/// run.
/// </summary>
internal sealed partial record Swarm
{
    /// <summary>Of this many seeds one is in each storm; those that are in none are mixed.</summary>
    private const int ProfileOdds = 20;

    public Swarm(SimRandom chance, Profile? profile = null)
    {
        var drawn = (Profile)chance.Fork(nameof(Profile)).Below(ProfileOdds);
        Profile = profile ?? (Enum.IsDefined(drawn) ? drawn : Profile.Mixed);
        Founders = (int)Of(nameof(Founders)).Between(1, 5);
        Spares = Of(nameof(Spares)).OneIn(2) ? (int)Of("HowManySpares").Between(1, 2) : 0;
        Alone = Founders == 1 || Of(nameof(Alone)).OneIn(4);
        NetworkDelay = Of(nameof(NetworkDelay)).Pick([100, 300, 1_000, 5_000, 20_000]) * VirtualTime.Microsecond;
        LossPercent = Often(Of(nameof(LossPercent)), 20);
        DuplicatePercent = Often(Of(nameof(DuplicatePercent)), 20);
        LatePercent = Often(Of(nameof(LatePercent)), 20);
        LoopDelay = Of(nameof(LoopDelay)).Pick([20, 100, 1_000]) * VirtualTime.Microsecond;
        LogDelay = Of(nameof(LogDelay)).Pick([100, 1_000, 10_000]) * VirtualTime.Microsecond;
        ApplyDelay = Of(nameof(ApplyDelay)).Pick([50, 500, 10_000]) * VirtualTime.Microsecond;
        WorkDelay = Of(nameof(WorkDelay)).Pick([1_000, 20_000, 200_000]) * VirtualTime.Microsecond;
        Crashes = Of(nameof(Crashes)).OneIn(2);
        Blackouts = Of(nameof(Blackouts)).OneIn(4);
        Stops = Of(nameof(Stops)).OneIn(3);
        Partitions = Of(nameof(Partitions)).OneIn(2);
        Flapping = Of(nameof(Flapping)).OneIn(4);
        Resets = Of(nameof(Resets)).OneIn(2);
        Pauses = Of(nameof(Pauses)).OneIn(3);
        Membership = Spares > 0 || (Founders > 2 && Of(nameof(Membership)).OneIn(3));
        Transfers = Of(nameof(Transfers)).OneIn(2);
        SnapshotsOnDemand = Of(nameof(SnapshotsOnDemand)).OneIn(4);
        WallJumps = Of(nameof(WallJumps)).OneIn(4);
        DiskFaults = Of(nameof(DiskFaults)).OneIn(6);
        SlowDisks = Of(nameof(SlowDisks)).OneIn(6);
        SmallDisks = Of(nameof(SmallDisks)).OneIn(8);
        DamagedFiles = Of("BitFlips").OneIn(6);
        NewLeaderCrashes = Of("Coups").OneIn(6);
        StaleLeaders = Of(nameof(StaleLeaders)).OneIn(8);
        FollowerRestarts = Of("Defections").OneIn(8);
        Stalls = Of(nameof(Stalls)).OneIn(8);
        SlowThenIsolated = Of("Absences").OneIn(8);
        ChangeAfterElection = Membership && Of(nameof(ChangeAfterElection)).OneIn(4);
        StoppedTurns = Of(nameof(StoppedTurns)).OneIn(8);
        Leases = Of(nameof(Leases)).OneIn(2);
        Timeouts = Of(nameof(Timeouts)).OneIn(8);
        Cancels = Of(nameof(Cancels)).OneIn(4);
        Transactions = Of(nameof(Transactions)).OneIn(2);
        Lifetimes = Of(nameof(Lifetimes)).OneIn(2);
        FaultInterval = Of(nameof(FaultInterval)).Pick([300, 1_000, 3_000]) * VirtualTime.Millisecond;
        Callers = (int)Of(nameof(Callers)).Between(1, 8);
        ThinkTime = Of(nameof(ThinkTime)).Pick([200, 5_000, 50_000]) * VirtualTime.Microsecond;
        Keys = (int)Of(nameof(Keys)).Between(1, 6);
        ValueBytes = Of(nameof(ValueBytes)).Pick([8, 100, 2_000]);
        Poison = Of(nameof(Poison)).OneIn(2);
        RequestTimeout = Of(nameof(RequestTimeout)).Pick([300, 1_000, 5_000]) * VirtualTime.Millisecond;
        MaxPendingBytes = Of(nameof(MaxPendingBytes)).Pick([8_000, 100_000, 64_000_000]);
        MaxInflightMessages = Of(nameof(MaxInflightMessages)).Pick([2, 16, 256]);
        SnapshotThresholdBytes = Of(nameof(SnapshotThresholdBytes)).Pick([1_000, 8_000, 100_000]);
        LogRetentionBytes = Of(nameof(LogRetentionBytes)).Pick([0, 2_000, 50_000]);
        LogCacheBytes = Of(nameof(LogCacheBytes)).Pick([500, 4_000, 100_000]);
        ChunkBytes = Of(nameof(ChunkBytes)).Pick([300, 2_000, 64_000]);
        SegmentBytes = Of(nameof(SegmentBytes)).Pick([8 * 1024, 32 * 1024]);
        Drift = Of(nameof(Drift)).OneIn(2) ? 50 : 0;
        Length = Of(nameof(Length)).Between(5, 30) * VirtualTime.Second;
        SlowLinks = Of(nameof(SlowLinks)).OneIn(8);

        switch (Profile)
        {
            case Profile.Churn: ChurnStorm(chance); break;
            case Profile.Leases: LeaseStorm(chance); break;
            case Profile.Growth: GrowthStorm(chance); break;
            case Profile.StaleLeaders: StaleLeaderStorm(chance); break;
            case Profile.UnknownPeers: UnknownPeerStorm(chance); break;
            case Profile.ReplacedDisks: ReplacedDiskStorm(chance); break;
            case Profile.FailedSyncs: FailedSyncStorm(chance); break;
            case Profile.Overload: OverloadStorm(chance); break;
            case Profile.Damage: DamageStorm(chance); break;
            case Profile.Holders: HolderStorm(chance); break;
            case Profile.ChangeAfterElection: ChangeAfterElectionStorm(chance); break;
            case Profile.Rollbacks: RollbackStorm(chance); break;
            case Profile.Handovers: HandoverStorm(chance); break;
            case Profile.LateMessages: LateMessageStorm(chance); break;
            case Profile.Joiners: JoinerStorm(chance); break;
            case Profile.FullDisks: FullDiskStorm(chance); break;
            case Profile.SlowLinks: SlowLinkStorm(chance); break;
        }

        SimRandom Of(string trait) => chance.Fork(trait);
    }

    /// <summary>The storm of the run.</summary>
    public Profile Profile { get; private set; }
    public int Founders { get; private set; }
    public int Spares { get; private set; }

    /// <summary>The first node founds a cluster of one with its first write and adds the others; otherwise they are configured.</summary>
    public bool Alone { get; private set; }
    public long NetworkDelay { get; private set; }
    public long LossPercent { get; private set; }
    public long DuplicatePercent { get; private set; }

    /// <summary>The percentage of messages that arrive much later than those sent after them.</summary>
    public long LatePercent { get; private set; }
    public long LoopDelay { get; private set; }
    public long LogDelay { get; private set; }
    public long ApplyDelay { get; private set; }
    public long WorkDelay { get; private set; }
    public bool Crashes { get; private set; }

    /// <summary>All nodes lose power at once.</summary>
    public bool Blackouts { get; private set; }
    public bool Stops { get; private set; }
    public bool Partitions { get; private set; }
    public bool Flapping { get; private set; }
    public bool Resets { get; private set; }
    public bool Pauses { get; private set; }
    public bool Membership { get; private set; }
    public bool Transfers { get; private set; }
    public bool SnapshotsOnDemand { get; private set; }
    public bool WallJumps { get; private set; }
    public bool DiskFaults { get; private set; }
    public bool SlowDisks { get; private set; }

    /// <summary>Disks of different sizes that fill up.</summary>
    public bool SmallDisks { get; private set; }
    public bool DamagedFiles { get; private set; }

    /// <summary>A node that has just won an election crashes soon.</summary>
    public bool NewLeaderCrashes { get; private set; }

    /// <summary>Other nodes are elected while the leader believes to lead.</summary>
    public bool StaleLeaders { get; private set; }

    /// <summary>Followers crash and restart before their promises to a leader are over.</summary>
    public bool FollowerRestarts { get; private set; }

    /// <summary>Logs hang on most disks at once.</summary>
    public bool Stalls { get; private set; }

    /// <summary>Members get new disks, and others do not hear of it.</summary>
    public bool Replacements { get; private set; }

    /// <summary>Members lose their disks, and hear no other node while they read entries about their former identity.</summary>
    public bool ReplacedDisks { get; private set; }

    /// <summary>Nodes ask to be admitted until they are.</summary>
    public bool Asking { get; private set; }

    /// <summary>The first founder loses its disk after other nodes have joined its cluster and before they have an entry.</summary>
    public bool LosesFounder { get; private set; }

    /// <summary>A disk fails to sync, and what it should have kept is lost later.</summary>
    public bool FailedSyncs { get; private set; }

    /// <summary>Members come back with older images of their disks.</summary>
    public bool RolledBackDisks { get; private set; }

    /// <summary>Processes receive messages late, and then reach no other node.</summary>
    public bool SlowThenIsolated { get; private set; }

    /// <summary>Members are changed, twice in a row, right after an election in which the leader before died.</summary>
    public bool ChangeAfterElection { get; private set; }

    /// <summary>The first machine of at least three starts cold with a clock that is years ahead.</summary>
    public bool YearsAhead { get; private set; }

    /// <summary>Threads are stopped in the middle of a turn.</summary>
    public bool StoppedTurns { get; private set; }

    /// <summary>Links lose their bandwidth for a while.</summary>
    public bool SlowLinks { get; private set; }

    /// <summary>Bytes per second of each link in each direction; 0 is without a limit.</summary>
    public long Bandwidth { get; private set; }
    public bool Leases { get; private set; }
    public bool Cancels { get; private set; }

    /// <summary>Each process has an election timeout of its own, as while operators change it node by node.</summary>
    public bool Timeouts { get; private set; }
    public bool Transactions { get; private set; }

    /// <summary>Keys that expire, and leases.</summary>
    public bool Lifetimes { get; private set; }
    public long FaultInterval { get; private set; }
    public int Callers { get; private set; }
    public long ThinkTime { get; private set; }
    public int Keys { get; private set; }
    public int ValueBytes { get; private set; }

    /// <summary>Values look like records of the log.</summary>
    public bool Poison { get; private set; }
    public long RequestTimeout { get; private set; }
    public long MaxPendingBytes { get; private set; }
    public int MaxInflightMessages { get; private set; }
    public long SnapshotThresholdBytes { get; private set; }
    public long LogRetentionBytes { get; private set; }
    public long LogCacheBytes { get; private set; }
    public int ChunkBytes { get; private set; }
    public int SegmentBytes { get; private set; }

    /// <summary>
    /// By how much clocks may be fast or slow, in parts per thousand; two of them differ by less than the tenth that leases allow for.
    /// </summary>
    public long Drift { get; private set; }

    /// <summary>The length of the part with faults.</summary>
    public long Length { get; private set; }

    private static long Often(SimRandom chance, long most) => chance.OneIn(2) ? 0 : chance.Between(1, most);
}
