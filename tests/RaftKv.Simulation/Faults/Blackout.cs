namespace RaftKv.Simulation.Faults;

/// <summary>All machines lose power at once.</summary>
internal sealed class Blackout(Simulation run) : Fault(run)
{
    public override bool IsEnabled(Swarm swarm) => swarm.Blackouts;

    public override bool Inject(SimRandom chance)
    {
        foreach (var node in Run.Nodes)
        {
            if (!node.IsUp)
                continue;
            node.Die(power: true);
            Run.Faults.RestartSoon(node);
        }
        return true;
    }
}
