namespace RaftKv.Simulation.Faults;

/// <summary>
/// Members are changed through a leader that reaches only one other node from the moment when it has appended the change. Either a leader
/// that the others elect replaces the entry. Or the leader dies and stays away: then the other node, which the change may have removed, is
/// the only one with the entry and must win the election (dissertation §4.2.2).
/// </summary>
internal sealed class ChangeWithoutQuorum(Simulation run) : Fault(run)
{
    private static readonly long LookEvery = 50 * VirtualTime.Microsecond;

    public override bool IsEnabled(Swarm swarm) => swarm is { StaleLeaders: true, Membership: true } || swarm.Replacements;

    public override bool Inject(SimRandom chance)
    {
        if (!Run.Operators.IsIdle || Run.Nodes.Any(n => n.IsDamaged) || Leader is not { } leader || leader.PausedUntil > Run.Time.Now || Followers(leader) is not { Count: >= 2 } followers)
            return false;
        var confidant = chance.Pick(followers);
        Run.Operators.ChangeThrough(leader, chance.OneIn(2) ? confidant : null);
        WhenAppended(leader, leader.Core!.ConfigurationIndex, Run.Time.Now + VirtualTime.Second, () => Part(leader, confidant, chance));
        return true;
    }

    /// <summary>Waits until the leader has appended the change. Before that it needs the answers of a quorum.</summary>
    private void WhenAppended(SimNode leader, long index, long until, Action act) => Run.Time.After(LookEvery, () =>
    {
        if (Run.IsHealing || !leader.Leads || Run.Time.Now > until)
            return;
        if (leader.Core!.ConfigurationIndex > index)
            act();
        else
            WhenAppended(leader, index, until, act);
    });

    private void Part(SimNode leader, SimNode confidant, SimRandom chance)
    {
        Run.Transcript.Add(leader.Id, $"reaches only {confidant.Id}");
        foreach (var other in Run.Nodes.Where(n => n != confidant && n != leader))
            Run.Network.Part(leader, other, Run.Time.Now + (chance.Between(400, 1500) * VirtualTime.Millisecond));
        if (chance.OneIn(3))
            Run.Time.After(chance.Between(20, 200) * VirtualTime.Millisecond, () => Fall(leader, confidant, chance));
    }

    private void Fall(SimNode leader, SimNode confidant, SimRandom chance)
    {
        if (Run.IsHealing || !leader.Leads || !confidant.IsListening)
            return;
        Run.Misses(leader);
        if (chance.OneIn(2))
            return;
        confidant.Die(power: false);
        Run.Faults.RestartIn(confidant, chance.Between(10, 200) * VirtualTime.Millisecond);
    }
}
