namespace RaftKv.Simulation.Faults;

/// <summary>
/// Some nodes have not heard from the leader for long and ask for votes. The thread of a follower that still hears the leader is stopped
/// within a turn, between the reading of the clock and the use of the time, while a message of the leader arrives. Then the follower loses
/// the leader too and is asked for its vote (dissertation §6.4.1).
/// </summary>
internal sealed class StoppedTurn(Simulation run) : Fault(run)
{
    public override bool IsEnabled(Swarm swarm) => swarm.StoppedTurns;

    public override bool Inject(SimRandom chance)
    {
        if (Leader is not { } leader || Followers(leader) is not { Count: >= 2 } followers)
            return false;
        var loyal = followers.OrderBy(_ => chance.Source.Next()).Take(leader.Core!.Configuration.Quorum - 1).ToList();
        var until = Run.Time.Now + (chance.Between(1200, 2000) * VirtualTime.Millisecond);
        foreach (var other in followers.Except(loyal))
            Run.Network.Part(leader, other, until);
        var term = leader.Core.Term;
        var stop = chance.Between(150, 600) * VirtualTime.Millisecond;
        Run.Time.After(chance.Between(300, 700) * VirtualTime.Millisecond, () =>
        {
            if (!leader.Leads || leader.Core!.Term != term || !loyal[0].IsListening)
                return;
            loyal[0].StopInNextTurn(stop);
            Run.Time.After(stop + (chance.Between(0, 60) * VirtualTime.Millisecond), () => LoseLeader(leader, loyal[0]));
        });
        return true;
    }

    private void LoseLeader(SimNode leader, SimNode follower)
    {
        if (!Run.IsHealing)
            Run.Network.Part(leader, follower, Run.Time.Now + (500 * VirtualTime.Millisecond));
    }
}
