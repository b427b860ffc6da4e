namespace RaftKv.Simulation.Faults;

/// <summary>
/// The links between a node and one other, or all others, in one direction or both, have little bandwidth for a while. Some nodes are
/// restarted at the same time, so that they must catch up over them.
/// </summary>
internal sealed class SlowLink(Simulation run) : Fault(run)
{
    public override bool IsEnabled(Swarm swarm) => swarm.SlowLinks;

    public override bool Inject(SimRandom chance)
    {
        if (Run.Nodes.Count < 2)
            return false;
        var node = Any(chance);
        var length = chance.Between(500, 8_000) * VirtualTime.Millisecond;
        var rate = chance.Pick([20_000, 50_000, 200_000]);
        var direction = chance.Below(3);
        var others = Run.Nodes.Where(n => n != node).ToList();
        var affected = chance.OneIn(2) ? others : [chance.Pick(others)];
        foreach (var other in affected)
        {
            if (direction != 0)
                Run.Network.Throttle(node, other, Run.Time.Now + length, rate);
            if (direction != 1)
                Run.Network.Throttle(other, node, Run.Time.Now + length, rate);
        }
        Run.Transcript.Add(node.Id, $"has links of {rate} bytes a second for {length / VirtualTime.Millisecond} ms");
        if (node.IsUp && !node.Leads && chance.OneIn(3))
        {
            node.Die(power: false);
            Run.Faults.RestartIn(node, chance.Between(500, 5_000) * VirtualTime.Millisecond);
        }
        return true;
    }
}
