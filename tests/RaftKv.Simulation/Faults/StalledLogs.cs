namespace RaftKv.Simulation.Faults;

/// <summary>The disks of all nodes, or all but one, take no more of the log for a while. Nothing commits, and everybody goes on asking.</summary>
internal sealed class StalledLogs(Simulation run) : Fault(run)
{
    public override bool IsEnabled(Swarm swarm) => swarm.Stalls;

    public override bool Inject(Chance chance)
    {
        var spared = chance.OneIn(3) ? null : Leader ?? Any(chance);
        foreach (var node in Run.Nodes.Where(n => n.IsListening && n != spared))
            node.StallLog(chance.Between(300, 4000) * VirtualTime.Millisecond);
        return true;
    }
}
