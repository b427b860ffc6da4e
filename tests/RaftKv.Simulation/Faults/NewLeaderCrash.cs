namespace RaftKv.Simulation.Faults;

/// <summary>
/// A leader crashes, sleeps or is cut off soon after its election, often with its first entries on only one other disk. This makes logs
/// with entries of many terms that no quorum has (Raft §5.4.2, figure 8).
/// </summary>
internal sealed class NewLeaderCrash(Simulation run) : Fault(run)
{
    public override bool IsEnabled(Swarm swarm) => swarm.NewLeaderCrashes;

    public override bool Inject(SimRandom chance) => false;

    public bool Inject(SimNode leader, SimRandom chance)
    {
        var until = Run.Time.Now + chance.Between(50, 1000) * VirtualTime.Millisecond;
        if (chance.OneIn(2))
        {
            var confidant = Any(chance);
            foreach (var node in Run.Nodes)
            {
                if (node != confidant && node != leader)
                    Run.Network.Block(leader, node, until);
            }
            Run.Transcript.Add(leader.Id, $"reaches only {confidant.Id}");
        }
        var life = leader.Life;
        Run.Time.After(chance.Between(0, chance.OneIn(2) ? 20 : 200) * VirtualTime.Millisecond, () => Fall(leader, life, chance));
        return true;
    }

    private void Fall(SimNode leader, int life, SimRandom chance)
    {
        if (Run.IsHealing || !leader.IsUp || leader.Life != life)
            return;
        switch (chance.Below(4))
        {
            case 0:
                leader.Pause(chance.Between(100, 1000) * VirtualTime.Millisecond);
                break;
            case 1:
                Run.Transcript.Add(leader.Id, "is cut off");
                foreach (var node in Run.Nodes)
                    Run.Network.Block(leader, node, Run.Time.Now + chance.Between(300, 1200) * VirtualTime.Millisecond);
                break;
            default:
                leader.Die(power: chance.OneIn(2));
                Run.Faults.RestartSoon(leader);
                break;
        }
    }
}
