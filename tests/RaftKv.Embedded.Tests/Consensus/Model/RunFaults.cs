using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Tests.Consensus.Model;

/// <summary>The faults of one run. Most runs leave out whole classes of faults, because other faults would hide some bugs.</summary>
internal sealed class RunFaults(Prng random)
{
    public long LossPercent { get; } = Rate(random, 30);

    public long DuplicatePercent { get; } = Rate(random, 30);

    public long LatePercent { get; } = Rate(random, 20);

    public long SlowDiskPercent { get; } = Rate(random, 20);

    public long SlowApplyPercent { get; } = Rate(random, 20);

    public bool Crashes { get; } = random.Below(2) == 0;

    public bool Partitions { get; } = random.Below(2) == 0;

    public bool Pauses { get; } = random.Below(3) == 0;

    public bool Membership { get; } = random.Below(2) == 0;

    public bool Transfers { get; } = random.Below(2) == 0;

    public bool Snapshots { get; } = random.Below(2) == 0;

    public bool Hints { get; } = random.Below(2) == 0;

    private static long Rate(Prng random, long most) => random.Below(2) == 0 ? 0 : random.Below(most);
}
