namespace RaftKv.Simulation;

internal sealed partial record Swarm
{
    // Small appends on a slow disk: there is time in which the leader can fail after an old entry has reached a quorum and before one of
    // its own has.
    private void ChurnStorm(SimRandom chance)
    {
        Founders = chance.Fork("ChurnFounders").OneIn(3) ? 3 : 5;
        (Spares, Membership, Alone) = (0, false, false);
        (NewLeaderCrashes, Crashes, Blackouts, Stops, Pauses, DamagedFiles, DiskFaults, SlowDisks) = (true, true, false, false, false, false, false, false);
        LogCacheBytes = 500;
        ValueBytes = chance.Fork("ChurnValue").Pick([100, 600]);
        LogDelay = chance.Fork("ChurnLog").Pick([1_000, 10_000]) * VirtualTime.Microsecond;
        NetworkDelay = chance.Fork("ChurnNetwork").Pick([300, 1_000, 5_000]) * VirtualTime.Microsecond;
        (LossPercent, LatePercent) = (chance.Fork("ChurnLoss").OneIn(2) ? 0 : 5, 0);
        ThinkTime = chance.Fork("ChurnThink").Pick([5_000, 30_000]) * VirtualTime.Microsecond;
        (SnapshotThresholdBytes, SnapshotsOnDemand) = (100_000, false);
        MaxPendingBytes = 64_000_000;
        FaultInterval = 2 * VirtualTime.Second;
        Length = 30 * VirtualTime.Second;
    }

    private void LeaseStorm(SimRandom chance)
    {
        Founders = chance.Fork("LeaseFounders").OneIn(3) ? 5 : 3;
        (Leases, Drift, Flapping, FollowerRestarts, Timeouts) = (true, 50, true, true, chance.Fork("LeaseTimeouts").OneIn(3));
        StoppedTurns = true;
        (Spares, Membership) = (0, false);
        (Blackouts, DamagedFiles, DiskFaults, SlowDisks, Stops) = (false, false, false, false, false);
        NetworkDelay = chance.Fork("LeaseNetwork").Pick([100, 300, 1_000]) * VirtualTime.Microsecond;
        LogDelay = chance.Fork("LeaseLog").Pick([100, 1_000]) * VirtualTime.Microsecond;
        LoopDelay = 20 * VirtualTime.Microsecond;
        (LossPercent, LatePercent) = (0, 0);
        ThinkTime = 5_000 * VirtualTime.Microsecond;
        FaultInterval = 1 * VirtualTime.Second;
        Length = 20 * VirtualTime.Second;
    }

    // Much is appended in little time, and is soon in snapshots: logs diverge, and one replaces the other before the disks have it.
    private void StaleLeaderStorm(SimRandom chance)
    {
        Founders = chance.Fork("UsurpedFounders").OneIn(3) ? 5 : 3;
        Calm();
        (StaleLeaders, Cancels, Membership) = (true, true, chance.Fork("UsurpedMembers").OneIn(3));
        Alone = false;
        NetworkDelay = chance.Fork("UsurpedNetwork").Pick([100, 300]) * VirtualTime.Microsecond;
        LogDelay = chance.Fork("UsurpedLog").Pick([100, 1_000]) * VirtualTime.Microsecond;
        LoopDelay = 20 * VirtualTime.Microsecond;
        WorkDelay = 1 * VirtualTime.Millisecond;
        (Callers, ThinkTime, ValueBytes) = (8, chance.Fork("UsurpedThink").Pick([2_000, 10_000]) * VirtualTime.Microsecond, 100);
        (SnapshotThresholdBytes, LogRetentionBytes, LogCacheBytes, ChunkBytes) = (chance.Fork("UsurpedSnapshots").Pick([1_000, 20_000]), 0, chance.Fork("UsurpedCache").Pick([300, 2_000]), 64_000);
        Leases = chance.Fork("UsurpedLeases").OneIn(4);
        FaultInterval = 1 * VirtualTime.Second;
        Length = 15 * VirtualTime.Second;
    }

    private void UnknownPeerStorm(SimRandom chance)
    {
        Founders = chance.Fork("EstrangedFounders").Pick([3, 4, 4, 5]);
        Calm();
        (Spares, Replacements, Membership, Alone) = (1, true, false, false);
        NetworkDelay = chance.Fork("EstrangedNetwork").Pick([300, 1_000]) * VirtualTime.Microsecond;
        LogDelay = chance.Fork("EstrangedLog").Pick([100, 1_000]) * VirtualTime.Microsecond;
        (Callers, ThinkTime, ValueBytes) = (3, 30 * VirtualTime.Millisecond, 100);
        (SnapshotThresholdBytes, LogRetentionBytes) = chance.Fork("EstrangedSnapshots").OneIn(3) ? (2_000, 0) : (1_000_000, 1_000_000);
        LogCacheBytes = chance.Fork("EstrangedCache").Pick([300, 4_000]);
        FaultInterval = 1 * VirtualTime.Second;
        Length = 45 * VirtualTime.Second;
    }

    // Few entries fit in a message: there is time between an entry with the node's former identity and the next one.
    private void ReplacedDiskStorm(SimRandom chance)
    {
        Founders = chance.Fork("NamesakeFounders").Pick([2, 2, 3, 4]);
        Calm();
        (ReplacedDisks, Crashes, Transfers) = (true, chance.Fork("NamesakeCrashes").OneIn(2), chance.Fork("NamesakeTransfers").OneIn(2));
        Alone = chance.Fork("NamesakeFounder").OneIn(2);
        NetworkDelay = chance.Fork("NamesakeNetwork").Pick([300, 5_000]) * VirtualTime.Microsecond;
        LogDelay = chance.Fork("NamesakeLog").Pick([100, 1_000]) * VirtualTime.Microsecond;
        (Callers, ThinkTime, ValueBytes) = (3, 30 * VirtualTime.Millisecond, 100);
        (SnapshotThresholdBytes, LogRetentionBytes) = chance.Fork("NamesakeSnapshots").Pick([1, 2]) == 1 ? (20_000, 0) : (1_000_000, 1_000_000);
        LogCacheBytes = chance.Fork("NamesakeCache").Pick([300, 2_000]);
        FaultInterval = 1 * VirtualTime.Second;
        Length = 30 * VirtualTime.Second;
    }

    private void JoinerStorm(SimRandom chance)
    {
        Founders = chance.Fork("JoinFounders").Pick([3, 3, 4]);
        Calm();
        (Asking, Spares, Membership, Alone) = (true, 2, false, false);
        LosesFounder = chance.Fork("JoinLosesFounder").OneIn(3);
        (Crashes, Resets) = (chance.Fork("JoinCrashes").OneIn(2), chance.Fork("JoinResets").OneIn(2));
        NetworkDelay = chance.Fork("JoinNetwork").Pick([300, 1_000, 5_000]) * VirtualTime.Microsecond;
        LogDelay = chance.Fork("JoinLog").Pick([100, 1_000]) * VirtualTime.Microsecond;
        (Callers, ThinkTime, ValueBytes) = (2, 30 * VirtualTime.Millisecond, 100);
        FaultInterval = 500 * VirtualTime.Millisecond;
        Length = 15 * VirtualTime.Second;
    }

    // A node that is down for a moment needs a snapshot.
    private void FailedSyncStorm(SimRandom chance)
    {
        Founders = 3;
        Calm();
        (FailedSyncs, Crashes, Alone) = (true, chance.Fork("RelicCrashes").OneIn(2), false);
        NetworkDelay = 300 * VirtualTime.Microsecond;
        LogDelay = chance.Fork("RelicLog").Pick([100, 1_000]) * VirtualTime.Microsecond;
        (Callers, ThinkTime, ValueBytes) = (4, 5 * VirtualTime.Millisecond, 100);
        (SnapshotThresholdBytes, LogRetentionBytes, SegmentBytes) = (2_000, 0, 32 * 1024);
        FaultInterval = 1 * VirtualTime.Second;
        Length = 15 * VirtualTime.Second;
    }

    private void OverloadStorm(SimRandom chance)
    {
        Founders = chance.Fork("OverloadFounders").Pick([2, 3, 3, 5]);
        Calm();
        (Stalls, NewLeaderCrashes, Crashes, Cancels, Alone) = (true, chance.Fork("OverloadCoups").OneIn(2), chance.Fork("OverloadCrashes").OneIn(2), true, false);
        (Callers, ThinkTime, ValueBytes) = (8, 2 * VirtualTime.Millisecond, 2_000);
        MaxPendingBytes = chance.Fork("OverloadLimit").Pick([2_000, 8_000]);
        RequestTimeout = 300 * VirtualTime.Millisecond;
        FaultInterval = 1 * VirtualTime.Second;
        Length = 10 * VirtualTime.Second;
    }

    // More is written than the smallest of the disks holds.
    private void FullDiskStorm(SimRandom chance)
    {
        Founders = chance.Fork("FullFounders").Pick([1, 3, 3, 5]);
        Calm();
        (SmallDisks, Crashes, SnapshotsOnDemand, Alone) = (true, chance.Fork("FullCrashes").OneIn(2), chance.Fork("FullSnapshots").OneIn(3), Founders == 1);
        (Callers, ThinkTime, ValueBytes, Keys) = (8, 2 * VirtualTime.Millisecond, 2_000, 6);
        SegmentBytes = 8 * 1024;
        SnapshotThresholdBytes = chance.Fork("FullThreshold").Pick([8_000, 1_000_000]);
        LogRetentionBytes = chance.Fork("FullRetention").Pick([0, 1_000_000]);
        FaultInterval = 1 * VirtualTime.Second;
        Length = 20 * VirtualTime.Second;
    }

    // Little is in memory, so that most is read from the disk again.
    private void DamageStorm(SimRandom chance)
    {
        Founders = chance.Fork("RottenFounders").OneIn(3) ? 5 : 3;
        Calm();
        (DamagedFiles, Crashes, SnapshotsOnDemand, Alone) = (true, true, true, false);
        NetworkDelay = chance.Fork("RottenNetwork").Pick([100, 1_000]) * VirtualTime.Microsecond;
        (Callers, ThinkTime, ValueBytes) = (4, 5 * VirtualTime.Millisecond, chance.Fork("RottenValue").Pick([100, 600]));
        (SnapshotThresholdBytes, LogRetentionBytes) = (chance.Fork("RottenSnapshots").Pick([4_000, 100_000]), chance.Fork("RottenRetention").Pick([0, 20_000]));
        (LogCacheBytes, SegmentBytes, ChunkBytes) = (500, 8 * 1024, 2_000);
        FaultInterval = 500 * VirtualTime.Millisecond;
        Length = 15 * VirtualTime.Second;
    }

    private void HolderStorm(SimRandom chance)
    {
        Founders = 3;
        Calm();
        (Lifetimes, WallJumps, Blackouts, SlowThenIsolated, Pauses, YearsAhead, Alone) = (true, true, true, true, true, true, false);
        Drift = 50;
        RequestTimeout = chance.Fork("HolderPatience").Pick([1_000, 5_000]) * VirtualTime.Millisecond;
        NetworkDelay = chance.Fork("HolderNetwork").Pick([300, 5_000]) * VirtualTime.Microsecond;
        (Callers, ThinkTime) = (6, 10 * VirtualTime.Millisecond);
        (SnapshotThresholdBytes, LogRetentionBytes) = chance.Fork("HolderSnapshots").OneIn(2) ? (1_000, 0) : (100_000, 50_000);
        FaultInterval = 700 * VirtualTime.Millisecond;
        Length = 20 * VirtualTime.Second;
    }

    private void ChangeAfterElectionStorm(SimRandom chance)
    {
        Founders = chance.Fork("HastyFounders").Pick([3, 3, 4, 5]);
        Calm();
        (ChangeAfterElection, Membership, Alone) = (true, true, false);
        NetworkDelay = chance.Fork("HastyNetwork").Pick([300, 1_000, 5_000]) * VirtualTime.Microsecond;
        LogDelay = chance.Fork("HastyLog").Pick([100, 1_000]) * VirtualTime.Microsecond;
        (Callers, ThinkTime, ValueBytes) = (3, 20 * VirtualTime.Millisecond, 100);
        (SnapshotThresholdBytes, LogRetentionBytes) = (100_000, 50_000);
        FaultInterval = 2 * VirtualTime.Second;
        Length = 20 * VirtualTime.Second;
    }

    // No other faults: what a process has told only to nodes that cannot be reached is lost with its directory.
    private void RollbackStorm(SimRandom chance)
    {
        Founders = chance.Fork("RollbackFounders").OneIn(4) ? 5 : 3;
        Calm();
        (RolledBackDisks, Alone) = (true, false);
        NetworkDelay = chance.Fork("RollbackNetwork").Pick([300, 5_000]) * VirtualTime.Microsecond;
        LogDelay = chance.Fork("RollbackLog").Pick([100, 1_000]) * VirtualTime.Microsecond;
        (Callers, ThinkTime, ValueBytes) = (3, 20 * VirtualTime.Millisecond, 100);
        (SnapshotThresholdBytes, LogRetentionBytes) = chance.Fork("RollbackSnapshots").OneIn(3) ? (2_000, 0) : (1_000_000, 1_000_000);
        FaultInterval = 1 * VirtualTime.Second;
        Length = 60 * VirtualTime.Second;
    }

    // Little is written: between two leaders lies time in which no entry says what time it is.
    private void HandoverStorm(SimRandom chance)
    {
        Founders = 3;
        Calm();
        (Lifetimes, WallJumps, Transfers, Alone) = (true, true, true, false);
        Drift = 50;
        NetworkDelay = chance.Fork("HandoverNetwork").Pick([100, 1_000]) * VirtualTime.Microsecond;
        LogDelay = 1 * VirtualTime.Millisecond;
        (Callers, ThinkTime, RequestTimeout) = (3, chance.Fork("HandoverThink").Pick([1_000, 4_000]) * VirtualTime.Millisecond, VirtualTime.Second);
        FaultInterval = chance.Fork("HandoverInterval").Pick([1_000, 3_000]) * VirtualTime.Millisecond;
        Length = 60 * VirtualTime.Second;
    }

    // Little time passes between two leaderships of a node, so that messages of the first are still under way in the second.
    private void LateMessageStorm(SimRandom chance)
    {
        Founders = chance.Fork("LateFounders").OneIn(3) ? 5 : 3;
        Calm();
        (Transfers, Leases, Alone) = (true, chance.Fork("LateLeases").OneIn(2), false);
        Membership = chance.Fork("LateMembers").OneIn(3);
        (LatePercent, DuplicatePercent) = (chance.Fork("LateShare").Pick([5, 20]), 20);
        NetworkDelay = chance.Fork("LateNetwork").Pick([100, 1_000]) * VirtualTime.Microsecond;
        LogDelay = chance.Fork("LateLog").Pick([100, 1_000]) * VirtualTime.Microsecond;
        (Callers, ThinkTime) = (6, chance.Fork("LateThink").Pick([5, 50]) * VirtualTime.Millisecond);
        FaultInterval = chance.Fork("LateInterval").Pick([50, 200]) * VirtualTime.Millisecond;
        Length = 10 * VirtualTime.Second;
    }

    // One value takes a good part of an election timeout on the slowest of these links, a snapshot several of them.
    private void SlowLinkStorm(SimRandom chance)
    {
        Founders = chance.Fork("SlowFounders").OneIn(4) ? 5 : 3;
        Calm();
        (SlowLinks, Alone, Transactions) = (true, false, false);
        (NewLeaderCrashes, Stalls) = (chance.Fork("SlowCoups").OneIn(4), chance.Fork("SlowStalls").OneIn(3));
        Bandwidth = chance.Fork("SlowBandwidth").Pick([0, 100_000, 400_000]);
        NetworkDelay = chance.Fork("SlowNetwork").Pick([300, 5_000, 20_000]) * VirtualTime.Microsecond;
        LogDelay = chance.Fork("SlowLog").Pick([100, 1_000]) * VirtualTime.Microsecond;
        (Callers, ValueBytes) = ((int)chance.Fork("SlowCallers").Between(2, 6), chance.Fork("SlowValue").Pick([600, 2_000, 8_000]));
        ThinkTime = chance.Fork("SlowThink").Pick([50, 200]) * VirtualTime.Millisecond;
        RequestTimeout = 5 * VirtualTime.Second;
        (SnapshotThresholdBytes, LogRetentionBytes) = chance.Fork("SlowSnapshots").Pick([1, 2]) == 1 ? (20_000, 0) : (100_000, 50_000);
        (ChunkBytes, LogCacheBytes) = (chance.Fork("SlowChunk").Pick([4_000, 64_000]), chance.Fork("SlowCache").Pick([8_000, 100_000]));
        FaultInterval = chance.Fork("SlowFaults").Pick([1, 3]) * VirtualTime.Second;
        Length = 30 * VirtualTime.Second;
    }

    /// <summary>Turns everything off that a storm does not turn on itself.</summary>
    private void Calm()
    {
        (Spares, Membership, Transfers, Leases) = (0, false, false, false);
        (Crashes, Blackouts, Stops, Partitions, Flapping, Resets, Pauses) = (false, false, false, false, false, false, false);
        (DiskFaults, SlowDisks, DamagedFiles, NewLeaderCrashes, Stalls, StaleLeaders, FollowerRestarts, SlowThenIsolated, ChangeAfterElection, WallJumps, SnapshotsOnDemand, SlowLinks) = (false, false, false, false, false, false, false, false, false, false, false, false);
        StoppedTurns = false;
        (LossPercent, LatePercent, DuplicatePercent, Drift) = (0, 0, 0, 0);
        MaxPendingBytes = 64_000_000;
        MaxInflightMessages = 256;
    }

    private void GrowthStorm(SimRandom chance)
    {
        Founders = (int)chance.Fork("GrowthFounders").Between(2, 3);
        (Spares, Membership, Transfers) = (2, true, true);
        SnapshotThresholdBytes = 1_000;
        LogRetentionBytes = 0;
        (DiskFaults, SlowDisks) = (false, false);
        FaultInterval = 2 * VirtualTime.Second;
    }
}
