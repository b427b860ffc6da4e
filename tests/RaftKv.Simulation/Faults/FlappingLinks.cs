namespace RaftKv.Simulation.Faults;

/// <summary>
/// A node loses its peers one after the other, each for a while, some with a reset of the connection: a promise made over one link meets a
/// vote asked for over another.
/// </summary>
internal sealed class FlappingLinks(Simulation run) : Fault(run)
{
    public override bool IsEnabled(Swarm swarm) => swarm.Flapping;

    public override bool Inject(SimRandom chance)
    {
        var node = Run.Nodes.FirstOrDefault(n => n.Leads) is { } leader && !chance.OneIn(4) ? leader : Any(chance);
        var at = 0L;
        var resets = chance.OneIn(2);
        foreach (var peer in Run.Nodes.Where(n => n != node).OrderBy(_ => chance.Source.Next()).ToList())
        {
            var length = chance.Between(50, 800) * VirtualTime.Millisecond;
            Run.Time.After(at, () => Cut(node, peer, length, resets));
            at += chance.Between(0, 400) * VirtualTime.Millisecond;
        }
        return true;
    }

    private void Cut(SimNode node, SimNode peer, long length, bool resets)
    {
        if (Run.IsHealing)
            return;
        Run.Transcript.Add(node.Id, $"loses {peer.Id} for {length / VirtualTime.Millisecond} ms{(resets ? ", with a reset" : "")}");
        Run.Network.Part(node, peer, Run.Time.Now + length);
        if (resets)
            Run.Network.ResetBetween(node, peer);
    }
}
