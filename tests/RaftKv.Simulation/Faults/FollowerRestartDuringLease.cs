namespace RaftKv.Simulation.Faults;

/// <summary>
/// Some nodes have not heard from the leader for long, and ask for votes. One of the leader's followers dies, is back at once, does not
/// hear the leader either, and is asked for its vote. It may have promised the leader not to vote, and must not forget that (dissertation
/// §6.4.1).
/// </summary>
internal sealed class FollowerRestartDuringLease(Simulation run) : Fault(run)
{
    public override bool IsEnabled(Swarm swarm) => swarm.FollowerRestarts;

    public override bool Inject(SimRandom chance)
    {
        if (Leader is not { } leader || Followers(leader) is not { Count: >= 2 } followers)
            return false;
        var loyal = followers.OrderBy(_ => chance.Source.Next()).Take(leader.Core!.Configuration.Quorum - 1).ToList();
        var until = Run.Time.Now + (chance.Between(900, 1500) * VirtualTime.Millisecond);
        foreach (var other in followers.Except(loyal))
            Run.Network.Part(leader, other, until);
        Run.Transcript.Add(leader.Id, $"reaches only {string.Join(' ', loyal.Select(n => n.Id))}");
        var term = leader.Core.Term;
        Run.Time.After(chance.Between(400, 800) * VirtualTime.Millisecond, () => Defect(leader, term, loyal[0], chance));
        return true;
    }

    private void Defect(SimNode leader, long term, SimNode follower, SimRandom chance)
    {
        if (Run.IsHealing || !leader.Leads || leader.Core!.Term != term || !follower.IsListening)
            return;
        Run.Network.Part(leader, follower, Run.Time.Now + (500 * VirtualTime.Millisecond));
        follower.Die(power: chance.OneIn(2));
        Run.Faults.RestartIn(follower, chance.Between(1, 60) * VirtualTime.Millisecond);
    }
}
