namespace RaftKv.Simulation.Faults;

/// <summary>
/// A leader dies. As soon as the next one leads, an operator asks it to remove a voter, and then another one. The dead leader is still a
/// voter, and it has been silent for less than any timeout.
/// </summary>
internal sealed class ChangeAfterElection(Simulation run) : Fault(run)
{
    private static readonly long Again = 5 * VirtualTime.Millisecond;

    private long _armedUntil;
    private SimRandom? _chance;

    public override bool IsEnabled(Swarm swarm) => swarm.ChangeAfterElection;

    public override bool Inject(SimRandom chance)
    {
        if (!Run.Operators.IsIdle || Run.Nodes.Any(n => n.IsDamaged) || Leader is not { Core.CanServeReads: true } leader || Followers(leader).Count < 2)
            return false;
        Run.Transcript.Add(leader.Id, "dies, and its operator is in haste");
        (_armedUntil, _chance) = (Run.Time.Now + (3 * VirtualTime.Second), chance);
        leader.Die(power: chance.OneIn(2));
        Run.Faults.RestartIn(leader, chance.Between(1_000, 6_000) * VirtualTime.Millisecond);
        return true;
    }

    public void OnElected(SimNode leader)
    {
        if (_chance is not { } chance || Run.Time.Now > _armedUntil || Run.IsHealing || Followers(leader) is not { Count: > 0 } followers)
            return;
        _chance = null;
        Remove(leader, chance.Pick(followers), Run.Time.Now + (chance.Between(100, 600) * VirtualTime.Millisecond), chance);
    }

    /// <summary>
    /// Repeats the call when the leader asks for that: it may not have committed an entry of its own yet, or the first change may not be
    /// committed.
    /// </summary>
    private void Remove(SimNode leader, SimNode voter, long until, SimRandom chance) => Run.Time.After(chance.Below(Again), () =>
    {
        if (Run.IsHealing || !leader.Leads || leader.PausedUntil > Run.Time.Now || Run.Time.Now > until)
            return;
        Run.Operators.RemoveThrough(leader, voter, result =>
        {
            if (result is { Retry: true })
                Remove(leader, voter, until, chance);
            else if (result is { Error: null } && Followers(leader) is { Count: > 0 } rest)
                Remove(leader, chance.Pick(rest), until, chance);
        });
    });
}
