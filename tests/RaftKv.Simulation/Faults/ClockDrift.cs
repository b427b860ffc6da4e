namespace RaftKv.Simulation.Faults;

/// <summary>A clock runs faster or slower from now on, within the drift that leases allow.</summary>
internal sealed class ClockDrift(Simulation run) : Fault(run)
{
    public override bool IsEnabled(Swarm swarm) => swarm.Drift > 0;

    public override bool Inject(SimRandom chance)
    {
        var node = Any(chance);
        node.Time.Rate = 1000 + chance.Between(-Run.Swarm.Drift, Run.Swarm.Drift);
        Run.Transcript.Add(node.Id, $"its clock runs at {node.Time.Rate / 10.0} % from now on");
        node.Schedule();
        return true;
    }
}
