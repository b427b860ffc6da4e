namespace RaftKv.Simulation.Faults;

/// <summary>A wall clock is set wrong by up to two hours. Nothing may depend on it.</summary>
internal sealed class WallClockJump(Simulation run) : Fault(run)
{
    public override bool IsEnabled(Swarm swarm) => swarm.WallJumps;

    public override bool Inject(SimRandom chance)
    {
        var node = Any(chance);
        node.Time.Jump = TimeSpan.FromMinutes(chance.Between(-120, 120));
        Run.Transcript.Add(node.Id, $"its wall clock is set {node.Time.Jump.TotalMinutes} min wrong");
        return true;
    }
}
