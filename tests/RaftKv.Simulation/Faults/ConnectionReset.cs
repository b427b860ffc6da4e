namespace RaftKv.Simulation.Faults;

/// <summary>Connections of a node break and are dialled again.</summary>
internal sealed class ConnectionReset(Simulation run) : Fault(run)
{
    public override bool IsEnabled(Swarm swarm) => swarm.Resets;

    public override bool Inject(SimRandom chance)
    {
        var node = Any(chance);
        if (!node.IsListening)
            return false;
        Run.Transcript.Add(node.Id, "loses connections");
        foreach (var link in node.Transport.Links.ToList())
        {
            if (chance.OneIn(2))
                Run.Network.Reset(link, chance.OneIn(2));
        }
        return true;
    }
}
