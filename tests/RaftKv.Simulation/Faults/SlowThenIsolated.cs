namespace RaftKv.Simulation.Faults;

/// <summary>
/// A process receives messages late, or sleeps, and then reaches no other node. A lease that it holds would end while the process believes
/// to hold it, if the process counted from the arrival of the answer.
/// </summary>
internal sealed class SlowThenIsolated(Simulation run) : Fault(run)
{
    public override bool IsEnabled(Swarm swarm) => swarm.SlowThenIsolated;

    public override bool Inject(SimRandom chance)
    {
        var node = Any(chance);
        if (!node.IsListening || node.PausedUntil > Run.Time.Now)
            return false;
        var length = chance.Between(300, 1500) * VirtualTime.Millisecond;
        if (chance.OneIn(3))
        {
            node.Pause(length);
        }
        else
        {
            // Not so late that it misses its leader.
            var delay = chance.Between(50, 220) * VirtualTime.Millisecond;
            Run.Transcript.Add(node.Id, $"hears everything {delay / VirtualTime.Millisecond} ms late");
            foreach (var other in Run.Nodes)
                Run.Network.Slow(other, node, Run.Time.Now + length, delay);
        }
        Run.Time.After(length, () => Leave(node, Run.Time.Now + (chance.Between(500, 4000) * VirtualTime.Millisecond)));
        return true;
    }

    private void Leave(SimNode node, long until)
    {
        if (Run.IsHealing)
            return;
        Run.Transcript.Add(node.Id, "reaches nobody");
        foreach (var other in Run.Nodes)
            Run.Network.Block(node, other, until);
    }
}
