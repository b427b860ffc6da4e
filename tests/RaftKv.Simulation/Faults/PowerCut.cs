namespace RaftKv.Simulation.Faults;

/// <summary>The power goes in the middle of an operation of the disk.</summary>
internal sealed class PowerCut(Simulation run) : Fault(run)
{
    public override bool IsEnabled(Swarm swarm) => swarm.Crashes;

    public override bool Inject(SimRandom chance)
    {
        var node = Any(chance);
        if (!node.IsUp)
            return false;
        node.CutPowerIn(chance.Between(1, 30));
        return true;
    }
}
