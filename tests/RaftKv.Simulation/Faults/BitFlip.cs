using RaftKv.Embedded.Tests.Storage;

namespace RaftKv.Simulation.Faults;

/// <summary>
/// A bit of what is durable changes: in the log, a snapshot, the end's second place, the identity. The node recovers, or refuses with an error and is put up anew; never does
/// it serve or vote with damaged data. One of at least three voters at a time, so that a majority is whole. The last write of a log is spared: damage there cannot be told from a write that a crash
/// interrupted.
/// </summary>
internal sealed class BitFlip(Simulation run) : Fault(run)
{
    public override bool IsEnabled(Swarm swarm) => swarm.BitFlips && swarm.Founders >= 3;

    public override bool Inject(Chance chance)
    {
        var node = Any(chance);
        var voters = Run.History.Configuration;
        if (node.IsDamaged || !node.IsUp || voters.VoterCount < 3 || voters.Find(node.Id) is null || !Run.Operators.IsIdle
            || Run.Nodes.Any(n => n.Core is { } core && core.ConfigurationIndex > Run.History.ConfigurationIndex) || Run.Nodes.Any(n => n.IsDamaged || n.IsRefused))
            return false;
        var files = node.Disk.Files.Where(f => Spot(f) > 0).ToList();
        if (files.Count == 0)
            return false;
        var file = chance.Pick(files);
        var at = (int)chance.Below(Spot(file));
        Run.Transcript.Add(node.Id, $"a bit flips in {file.Path} at {at}");
        file.Corrupt(at, (byte)(1 << (int)chance.Below(8)));
        node.IsDamaged = node.MayFault = true;
        // Most damage is found by whoever starts.
        if (!chance.OneIn(4))
        {
            node.Die(power: false);
            Run.Faults.RestartSoon(node);
        }
        return true;
    }

    /// <summary>How many bytes of a file may be damaged, from its beginning.</summary>
    private static int Spot(MemoryFile file) => file.Path.EndsWith(".wal", StringComparison.Ordinal) ? Math.Min(file.LastWriteOffset, file.DurableLength) : file.DurableLength;
}
