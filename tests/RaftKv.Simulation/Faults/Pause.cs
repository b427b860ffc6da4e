namespace RaftKv.Simulation.Faults;

/// <summary>A process sleeps, often for longer than an election timeout: a garbage collection, a moved virtual machine, SIGSTOP.</summary>
internal sealed class Pause(Simulation run) : Fault(run)
{
    public override bool IsEnabled(Swarm swarm) => swarm.Pauses;

    public override bool Inject(SimRandom chance)
    {
        var node = Any(chance);
        if (!node.IsUp || node.PausedUntil > Run.Time.Now)
            return false;
        node.Pause(chance.Around(500 * VirtualTime.Millisecond));
        return true;
    }
}
