namespace RaftKv.Simulation;

internal sealed partial record Swarm
{
    // Small appends on a slow disk: between an old entry on a quorum and the leader's own lies time in which it can fall.
    private void Churn(Chance chance)
    {
        Founders = chance.Fork("ChurnFounders").OneIn(3) ? 3 : 5;
        (Spares, Membership, Alone) = (0, false, false);
        (Coups, Crashes, Blackouts, Stops, Pauses, BitFlips, DiskFaults, SlowDisks) = (true, true, false, false, false, false, false, false);
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

    private void LeaseReads(Chance chance)
    {
        Founders = chance.Fork("LeaseFounders").OneIn(3) ? 5 : 3;
        (Leases, Drift, Flapping) = (true, 50, true);
        (Spares, Membership) = (0, false);
        (Blackouts, BitFlips, DiskFaults, SlowDisks, Stops) = (false, false, false, false, false);
        NetworkDelay = chance.Fork("LeaseNetwork").Pick([100, 300, 1_000]) * VirtualTime.Microsecond;
        LogDelay = chance.Fork("LeaseLog").Pick([100, 1_000]) * VirtualTime.Microsecond;
        LoopDelay = 20 * VirtualTime.Microsecond;
        (LossPercent, LatePercent) = (0, 0);
        ThinkTime = 5_000 * VirtualTime.Microsecond;
        FaultInterval = 1 * VirtualTime.Second;
        Length = 20 * VirtualTime.Second;
    }

    private void Grow(Chance chance)
    {
        Founders = (int)chance.Fork("GrowthFounders").Between(2, 3);
        (Spares, Membership, Transfers) = (2, true, true);
        SnapshotThresholdBytes = 1_000;
        LogRetentionBytes = 0;
        (DiskFaults, SlowDisks) = (false, false);
        FaultInterval = 2 * VirtualTime.Second;
    }
}
