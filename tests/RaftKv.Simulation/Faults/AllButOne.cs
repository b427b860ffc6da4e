namespace RaftKv.Simulation.Faults;

/// <summary>All processes but one die and are back at once: who leads next has perhaps seen no entry since it started, and the one has calls that began before.</summary>
internal sealed class AllButOne(Simulation run) : Fault(run)
{
    public override bool IsEnabled(Swarm swarm) => swarm.Blackouts;

    public override bool Inject(Chance chance)
    {
        var survivor = Any(chance);
        if (!survivor.IsListening)
            return false;
        foreach (var node in Run.Nodes)
        {
            if (node == survivor || !node.IsUp)
                continue;
            node.Die(power: chance.OneIn(2));
            Run.Faults.RestartIn(node, chance.Between(10, 400) * VirtualTime.Millisecond);
        }
        return true;
    }
}
