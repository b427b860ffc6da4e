namespace RaftKv.Simulation.Faults;

/// <summary>
/// A member loses its disk. An operator removes it and adds it again, or it comes back by itself and is admitted. On its way through the
/// log it reads configurations in which a member of its name has a vote, perhaps the only vote. At such a configuration it is cut off for a
/// while, and must not take that vote for its own.
/// </summary>
internal sealed class ReplacedDiskApart(Simulation run) : Fault(run)
{
    private static readonly long LookEvery = 200 * VirtualTime.Microsecond;

    private bool _isUnderWay;

    public override bool IsEnabled(Swarm swarm) => swarm.ReplacedDisks;

    public override bool Inject(SimRandom chance)
    {
        if (_isUnderWay || !IsSettled || Leader is not { } leader)
            return false;
        var voters = leader.Core!.Configuration.Members.Where(m => m.IsVoter).Select(m => Run.NodeAt(m.Address)).ToList();
        if (voters.Count < 2 || !voters.TrueForAll(n => n.IsListening && n.PausedUntil <= Run.Time.Now))
            return false;
        // A quorum must be left without the node, to admit it.
        var byItself = voters.Count >= 3 && chance.OneIn(2);
        var node = chance.Pick(byItself ? voters.Where(n => n != leader).ToList() : voters);
        _isUnderWay = true;
        if (byItself)
            LoseDisk(node);
        else
            Run.Operators.Admit(node, isMember: true, () => { });
        Run.Transcript.Add(node.Id, byItself ? "comes back with an empty disk" : "gets another disk");
        Watch(node, node.Identity.Incarnation, chance);
        return true;
    }

    /// <summary>Only one disk at a time is lost, and only while there is no uncommitted configuration.</summary>
    private bool IsSettled => Run.Operators.IsIdle && Run.Nodes.All(n => !n.IsDamaged && !n.IsRefused && (n.Core is not { } core || core.ConfigurationIndex <= Run.History.ConfigurationIndex))
        && Run.History.Configuration.Members.All(m => Run.NodeAt(m.Address) is { IsListening: true } n && n.Identity.Incarnation == m.Incarnation);

    private void LoseDisk(SimNode node)
    {
        node.Die(power: false);
        node.Wipe();
        Run.Faults.RestartSoon(node);
    }

    /// <summary>Waits until the node reads a configuration with its former identity, and for the end of its admission.</summary>
    private void Watch(SimNode node, Guid former, SimRandom chance, bool wasCutOff = false) => Run.Time.After(LookEvery, () =>
    {
        if (Run.IsHealing)
            return;
        var self = node.Core?.Configuration.Find(node.Id);
        if (!node.IsListening || node.Identity.Incarnation == former || self is null)
        {
            Watch(node, former, chance, wasCutOff);
        }
        else if (self.Incarnation == node.Identity.Incarnation && self.IsVoter)
        {
            _isUnderWay = false;
        }
        else
        {
            var isCutOff = !wasCutOff && self.Incarnation != node.Identity.Incarnation && chance.OneIn(3);
            if (isCutOff)
                CutOff(node, chance);
            Watch(node, former, chance, wasCutOff || isCutOff);
        }
    });

    private void CutOff(SimNode node, SimRandom chance)
    {
        var length = chance.Between(1_000, 4_000) * VirtualTime.Millisecond;
        Run.Transcript.Add(node.Id, $"hears nobody for {length / VirtualTime.Millisecond} ms, and knows [{node.Core!.Configuration}]");
        Run.Network.Isolate(node, Run.Time.Now + length);
        if (!chance.OneIn(2))
            return;
        node.Die(power: chance.OneIn(2));
        Run.Faults.RestartIn(node, chance.Between(1, 300) * VirtualTime.Millisecond);
    }
}
