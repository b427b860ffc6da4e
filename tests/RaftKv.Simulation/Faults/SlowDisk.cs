namespace RaftKv.Simulation.Faults;

/// <summary>A disk takes many times as long as usual, or is as fast as usual again.</summary>
internal sealed class SlowDisk(Simulation run) : Fault(run)
{
    public override bool IsEnabled(Swarm swarm) => swarm.SlowDisks;

    public override bool Inject(SimRandom chance)
    {
        var node = Any(chance);
        node.DiskSlowness = chance.Pick([1L, 10L, 50L]);
        Run.Transcript.Add(node.Id, $"its disk is {node.DiskSlowness} times slower");
        return true;
    }
}
