namespace RaftKv.Simulation.Faults;

/// <summary>
/// A follower comes back with an older image of its whole data directory, while every other voter runs: it has forgotten votes, and entries
/// that were committed with its acknowledgement. Sometimes this follower and the leader were the quorum, and the other nodes, which lack
/// those entries, hear the returned follower and not the leader. Some images are from the time when the cluster formed: they have no entry.
/// </summary>
internal sealed class RolledBackDisk : Fault
{
    private readonly FormationImages? _formation;
    private bool _isUnderWay;

    public RolledBackDisk(Simulation run) : base(run)
    {
        if (!IsEnabled(run.Swarm))
            return;
        _formation = new FormationImages(run);
        _formation.Watch();
    }

    public override bool IsEnabled(Swarm swarm) => swarm.RolledBackDisks;

    public override bool Inject(SimRandom chance)
    {
        if (_isUnderWay || !IsSettled || Leader is not { } leader || Followers(leader) is not { Count: >= 2 } followers)
            return false;
        var node = chance.Pick(followers);
        var bystanders = chance.OneIn(3) ? [] : followers.Where(n => n != node).Take(followers.Count / 2).ToList();
        var age = chance.Between(300, 2_000) * VirtualTime.Millisecond;
        var scene = new Scene(node, leader, leader.Core!.Term);
        _isUnderWay = true;
        Run.Transcript.Add(node.Id, $"an image of its disk is taken; {string.Join(' ', bystanders.Select(n => n.Id))} hear nothing for a while");
        foreach (var bystander in bystanders)
        {
            Run.Network.Part(leader, bystander, Run.Time.Now + age + (4 * VirtualTime.Second));
            Run.Network.Part(node, bystander, Run.Time.Now + age);
        }
        var image = chance.OneIn(3) ? _formation!.Of(node, chance) ?? node.Disk.Image() : node.Disk.Image();
        Run.Time.After(age, () => Restore(scene, image, chance));
        return true;
    }

    private bool IsSettled => Run.Operators.IsIdle && Run.Nodes.All(n => n.IsListening && n.Core is { } core && core.ConfigurationIndex <= Run.History.ConfigurationIndex)
        && Run.History.Configuration.Members.All(m => m.IsVoter && Run.NodeAt(m.Address).Identity.Incarnation == m.Incarnation);

    private void Restore(Scene scene, Embedded.Tests.Storage.MemoryFileSystem image, SimRandom chance)
    {
        var isSame = scene.Leader.Leads && scene.Leader.Core!.Term == scene.Term && scene.Node.IsListening;
        if (Run.IsHealing || !isSame)
        {
            _isUnderWay = false;
            return;
        }
        Run.Transcript.Add(scene.Node.Id, "comes back with that image");
        scene.Node.RollBack(image);
        Run.Faults.RestartIn(scene.Node, chance.Between(1, 300) * VirtualTime.Millisecond);
        // What the node told to nodes that it cannot reach now is unknown to the others, so nothing else happens for this time.
        Run.Time.After(3 * VirtualTime.Second, Watch);
    }

    /// <summary>Only one node at a time is rolled back: waits until it votes again, under its old or a new identity.</summary>
    private void Watch()
    {
        if (!Run.IsHealing && !IsSettled)
            Run.Time.After(100 * VirtualTime.Millisecond, Watch);
        else
            _isUnderWay = false;
    }

    private sealed record Scene(SimNode Node, SimNode Leader, long Term);
}
