using RaftKv.Embedded.Tests.Storage;
namespace RaftKv.Simulation.Faults;

/// <summary>
/// A bit of a durable file flips: in the log, a snapshot, the second copy of the log's end, or the identity. The node recovers, or refuses
/// to start with an error and is set up again; it never serves or votes with damaged data. Only one of at least three voters is damaged at
/// a time, so that a majority is intact. The last write of a log is spared: damage there cannot be told from a write that a crash
/// interrupted.
/// </summary>
internal sealed class DamagedFile(Simulation run) : Fault(run)
{
    public override bool IsEnabled(Swarm swarm) => swarm.DamagedFiles && swarm.Founders >= 3;

    public override bool Inject(SimRandom chance)
    {
        if (chance.OneIn(3) && Leader is { } leader && MayDamage(leader) && Followers(leader) is { Count: > 0 } followers)
        {
            DamageWhatIsMissed(leader, chance.Pick(followers), chance);
            return true;
        }
        var node = Any(chance);
        // Each kind of file is picked equally often, however many files of it there are.
        var kinds = node.Disk.Files.Where(f => Spot(f) > 0).GroupBy(f => Path.GetExtension(f.Path)).ToList();
        if (!MayDamage(node) || kinds.Count == 0)
            return false;
        var file = chance.Pick(chance.Pick(kinds).ToList());
        Flip(node, file, (int)chance.Below(Spot(file)), chance);
        // Most damage is found at a start.
        if (!chance.OneIn(4))
        {
            node.Die(power: false);
            Run.Faults.RestartSoon(node);
        }
        return true;
    }

    /// <summary>Cuts a follower off, and damages the entries that it misses before the leader reads them for it.</summary>
    private void DamageWhatIsMissed(SimNode leader, SimNode follower, SimRandom chance)
    {
        var length = chance.Between(100, 600) * VirtualTime.Millisecond;
        Run.Network.Part(leader, follower, Run.Time.Now + length);
        var (life, from) = (leader.Life, leader.Disk.Files.Where(IsLog).ToDictionary(f => f.Path, f => f.LastWriteOffset));
        Run.Time.After(length - VirtualTime.Millisecond, () =>
        {
            if (Run.IsHealing || leader.Life != life || !MayDamage(leader))
                return;
            var written = leader.Disk.Files.Where(f => IsLog(f) && Spot(f) > from.GetValueOrDefault(f.Path)).ToList();
            if (written.Count == 0)
                return;
            var file = chance.Pick(written);
            Flip(leader, file, (int)chance.Between(from.GetValueOrDefault(file.Path), Spot(file) - 1), chance);
        });
    }

    private bool MayDamage(SimNode node)
    {
        var voters = Run.History.Configuration;
        return !node.IsDamaged && node.IsUp && voters.VoterCount >= 3 && voters.Find(node.Id) is not null && Run.Operators.IsIdle
            && !Run.Nodes.Any(n => (n.Core is { } core && core.ConfigurationIndex > Run.History.ConfigurationIndex) || n.IsDamaged || n.IsRefused);
    }

    private void Flip(SimNode node, MemoryFile file, int at, SimRandom chance)
    {
        Run.Transcript.Add(node.Id, $"a bit flips in {file.Path} at {at}");
        file.Corrupt(at, (byte)(1 << (int)chance.Below(8)));
        node.IsDamaged = node.MayFault = true;
    }

    private static bool IsLog(MemoryFile file) => file.Path.EndsWith(".wal", StringComparison.Ordinal);

    /// <summary>How many bytes of a file may be damaged, from its beginning.</summary>
    private static int Spot(MemoryFile file) => IsLog(file) ? Math.Min(file.LastWriteOffset, file.DurableLength) : file.DurableLength;
}
