namespace RaftKv.Simulation.Faults;

/// <summary>
/// A process dies between two turns of its parts; every second time its machine loses power, and what was not synced is lost, torn or kept.
/// </summary>
internal sealed class Crash(Simulation run) : Fault(run)
{
    public override bool IsEnabled(Swarm swarm) => swarm.Crashes;

    public override bool Inject(SimRandom chance)
    {
        var node = Any(chance);
        if (!node.IsUp)
            return false;
        node.Die(power: chance.OneIn(2));
        Run.Faults.RestartSoon(node);
        return true;
    }
}
