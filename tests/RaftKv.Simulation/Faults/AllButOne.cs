namespace RaftKv.Simulation.Faults;

/// <summary>
/// All processes but one die and are back at once: the next leader may have seen no entry since its start, and the survivor has calls that
/// began before.
/// </summary>
internal sealed class AllButOne(Simulation run) : Fault(run)
{
    public override bool IsEnabled(Swarm swarm) => swarm.Blackouts;

    public override bool Inject(SimRandom chance)
    {
        var survivor = Any(chance);
        if (!survivor.IsListening)
            return false;
        if (chance.OneIn(2))
        {
            Fall(survivor, chance);
            return true;
        }
        // The calls that the survivor makes are carried out, and it learns of that only from a snapshot.
        var (deaf, cutOff) = (chance.Between(10, 150) * VirtualTime.Millisecond, chance.Between(300, 1500) * VirtualTime.Millisecond);
        Run.Transcript.Add(survivor.Id, "hears nobody");
        foreach (var node in Run.Nodes)
            Run.Network.Block(node, survivor, Run.Time.Now + deaf + cutOff);
        Run.Time.After(deaf, () =>
        {
            if (Run.IsHealing)
                return;
            foreach (var node in Run.Nodes)
                Run.Network.Block(survivor, node, Run.Time.Now + cutOff);
            Fall(survivor, chance);
        });
        return true;
    }

    private void Fall(SimNode survivor, SimRandom chance)
    {
        foreach (var node in Run.Nodes)
        {
            if (node == survivor || !node.IsUp)
                continue;
            node.Die(power: chance.OneIn(2));
            // Some clocks come back more than an hour ahead, so that sessions end.
            if (Run.Swarm.WallJumps && chance.OneIn(3))
                node.Time.Jump += TimeSpan.FromMinutes(chance.Between(61, 120));
            Run.Faults.RestartIn(node, chance.Between(10, 400) * VirtualTime.Millisecond);
        }
    }
}
