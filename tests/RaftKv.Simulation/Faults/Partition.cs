namespace RaftKv.Simulation.Faults;

/// <summary>
/// The network falls into two parts, or one node is cut off; sometimes in one direction only, sometimes with a bridge left.
/// </summary>
internal sealed class Partition(Simulation run) : Fault(run)
{
    public override bool IsEnabled(Swarm swarm) => swarm.Partitions;

    public override bool Inject(SimRandom chance)
    {
        Run.Network.Heal();
        var side = chance.OneIn(3) ? [Any(chance)] : Run.Nodes.Where(_ => chance.OneIn(2)).ToList();
        var oneWay = chance.OneIn(3);
        var until = Run.Time.Now + chance.Around(2 * VirtualTime.Second);
        Run.Transcript.Add("", $"{(oneWay ? "one-way " : "")}partition: {string.Join(' ', side.Select(n => n.Id))} against the rest");
        foreach (var here in side)
        {
            foreach (var there in Run.Nodes.Except(side))
            {
                // Sometimes a bridge or a chain remains.
                if (chance.OneIn(8))
                    continue;
                Run.Network.Block(here, there, until);
                if (!oneWay)
                    Run.Network.Block(there, here, until);
            }
        }
        return true;
    }
}
