namespace RaftKv.Simulation.Faults;

/// <summary>
/// A node asks the leader to be admitted, and only that node hears of the entry: the others elect another leader, and the entry is
/// replaced. Or the founder of the cluster loses its disk when other nodes have joined the cluster and have no entry yet.
/// </summary>
internal sealed class ReplacedJoin(Simulation run) : Fault(run)
{
    private static readonly long LookEvery = 50 * VirtualTime.Microsecond;

    private bool _isUnderWay;

    public override bool IsEnabled(Swarm swarm) => swarm.Asking;

    public override bool Inject(SimRandom chance)
    {
        if (_isUnderWay || Leader is not { } leader || leader.PausedUntil > Run.Time.Now || Followers(leader).Count < 2)
            return false;
        var blank = Run.Nodes.Where(n => n.IsListening && n.PausedUntil <= Run.Time.Now && n.Identity.ClusterId == Guid.Empty && leader.Core!.Configuration.Find(n.Id) is null).ToList();
        if (blank.Count == 0)
            return false;
        var node = chance.Pick(blank);
        Run.Transcript.Add(node.Id, $"asks {leader.Id}, which will be cut off");
        _isUnderWay = true;
        Run.Joiners.AskNow(node, leader);
        Watch(leader, node, chance, Run.Time.Now + (2 * VirtualTime.Second));
        return true;
    }

    /// <summary>Waits until the leader has appended the entry, and cuts it off before it is committed.</summary>
    private void Watch(SimNode leader, SimNode node, SimRandom chance, long end) => Run.Time.After(LookEvery, () =>
    {
        _isUnderWay = !Run.IsHealing && Run.Time.Now < end && leader.Leads;
        if (!_isUnderWay)
            return;
        var core = leader.Core!;
        if (core.Configuration.Find(node.Id) is null)
        {
            Watch(leader, node, chance, end);
            return;
        }
        _isUnderWay = false;
        if (core.ConfigurationIndex <= core.CommitIndex)
            return;
        Run.Transcript.Add(leader.Id, $"reaches only {node.Id}");
        var until = Run.Time.Now + (chance.Between(600, 2_000) * VirtualTime.Millisecond);
        foreach (var other in Run.Nodes.Where(n => n != leader && n != node))
            Run.Network.Part(leader, other, until);
        if (chance.OneIn(2))
            Run.Time.After(chance.Between(5, 300) * VirtualTime.Millisecond, () => Fall(leader));
    });

    private void Fall(SimNode leader)
    {
        if (Run.IsHealing || !leader.IsUp)
            return;
        leader.Die(power: false);
        Run.Faults.RestartSoon(leader);
    }
}
