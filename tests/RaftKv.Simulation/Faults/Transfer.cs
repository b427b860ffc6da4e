namespace RaftKv.Simulation.Faults;

/// <summary>An operator has the leadership handed over.</summary>
internal sealed class Transfer(Simulation run) : Fault(run)
{
    public override bool IsEnabled(Swarm swarm) => swarm.Transfers;

    public override bool Inject(SimRandom chance) => Run.Operators.Transfer(chance);
}
