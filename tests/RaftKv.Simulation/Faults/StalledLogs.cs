namespace RaftKv.Simulation.Faults;

/// <summary>
/// The disks of all nodes, all but one, or only the leader take no more of the log for a while, and callers go on asking.
/// </summary>
internal sealed class StalledLogs(Simulation run) : Fault(run)
{
    public override bool IsEnabled(Swarm swarm) => swarm.Stalls;

    public override bool Inject(SimRandom chance)
    {
        if (chance.OneIn(3) && Leader is { } leader)
        {
            // A quorum commits without the leader's own disk.
            leader.StallLog(chance.Between(1000, 8000) * VirtualTime.Millisecond);
            return true;
        }
        var spared = chance.OneIn(3) ? null : Leader ?? Any(chance);
        foreach (var node in Run.Nodes.Where(n => n.IsListening && n != spared))
            node.StallLog(chance.Between(300, 4000) * VirtualTime.Millisecond);
        return true;
    }
}
