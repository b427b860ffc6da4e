using RaftKv.Embedded;
using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Replica;
using RaftKv.Embedded.Transport;
using RaftKv.Simulation.Clients;

namespace RaftKv.Simulation;

/// <summary>Forms the cluster, as the options say, and changes its members.</summary>
internal sealed class Operators(Simulation run)
{
    private bool _changing;

    /// <summary>Nodes whose data directory is removed when they are next down: they are no members any more.</summary>
    private readonly HashSet<SimNode> _toWipe = [];

    public bool IsIdle => !_changing;

    public void Start()
    {
        if (!run.Swarm.Alone)
            Found();
        else
            Grow(1);
        if (run.Swarm.Membership)
            ChangeLater();
    }

    public void Transfer()
    {
        var nodes = run.Nodes.Where(n => n.Core is not null && n.PausedUntil <= run.Time.Now).ToList();
        if (nodes.Count == 0)
            return;
        var to = run.Chance.OneIn(2) ? "" : run.Chance.Pick(run.Nodes).Id;
        _ = new AdminOperationCall(run, run.Chance.Pick(nodes), AdminOperation.TransferLeadership, to, "", _ => { });
    }

    /// <summary>What <see cref="Founder"/> does, on its thread: the node with the smallest name founds once it has seen everybody, and nobody has a history.</summary>
    private void Found() => run.Time.After(run.Chance.Around(100 * VirtualTime.Millisecond), () =>
    {
        var founders = run.Nodes.Take(run.Swarm.Founders).ToList();
        var first = founders[0];
        if (first.IsListening && first.PausedUntil <= run.Time.Now && founders.TrueForAll(n => n.IsListening && n.Identity.ClusterId == Guid.Empty))
        {
            first.Run("founder", () =>
            {
                try
                {
                    if (first.Formation.TryFound([.. founders.Select(n => new Member(n.Id, n.Address, n.Identity.Incarnation, MemberRole.Voter))]) is { } start)
                        first.Replica.Post(new Formed(start, recovered: false));
                }
                catch (RaftKvStorageException e)
                {
                    first.Replica.Post(new FaultHappened(e));
                }
            });
        }
        if (!first.IsUp || first.Core is null)
            Found();
    });

    /// <summary>Adds the other founders to a cluster of one, until all of them are members.</summary>
    private void Grow(int next)
    {
        if (next >= run.Swarm.Founders)
            return;
        run.Time.After(run.Chance.Around(50 * VirtualTime.Millisecond), () =>
        {
            if (run.IsHealing)
                return;
            var asked = run.MayFound(run.Nodes[0]) ? run.Nodes[0] : run.Chance.Pick(run.Nodes);
            if (_changing || asked.PausedUntil > run.Time.Now || (!run.MayFound(asked) && asked.Core is null))
                Grow(next);
            else
                Ask(asked, AdminOperation.AddMember, run.Nodes[next], added => Grow(added ? next + 1 : next));
        });
    }

    private void ChangeLater() => run.Time.After(run.Chance.Around(2 * VirtualTime.Second), () =>
    {
        if (run.IsHealing)
            return;
        if (!_changing)
            Change();
        ChangeLater();
    });

    private void Change()
    {
        var formed = run.Nodes.Where(n => n is { IsListening: true, Core: { Role: not RaftRole.Removed } } && n.PausedUntil <= run.Time.Now).ToList();
        if (formed.Count == 0)
            return;
        var asked = run.Chance.Pick(formed);
        var whom = run.Chance.Pick(run.Nodes);
        if (asked.Core!.Configuration.Find(whom.Id) is not null && run.Chance.OneIn(2))
            Ask(asked, AdminOperation.RemoveMember, whom, removed => { if (removed && run.Chance.OneIn(2)) WipeLater(whom); });
        else if (!_toWipe.Contains(whom))
            Ask(asked, AdminOperation.AddMember, whom, _ => { });
    }

    /// <summary>A removed node is put up anew, as the advice for damaged nodes says.</summary>
    private void WipeLater(SimNode node)
    {
        _toWipe.Add(node);
        run.Time.After(run.Chance.Around(VirtualTime.Second), () =>
        {
            if (node.IsUp)
                node.Die(power: false);
            node.Wipe();
            _toWipe.Remove(node);
            run.Faults.RestartSoon(node);
        });
    }

    private void Ask(SimNode node, AdminOperation operation, SimNode whom, Action<bool> done)
    {
        if (!node.IsListening)
        {
            done(false);
            return;
        }
        _changing = true;
        _ = new AdminOperationCall(run, node, operation, whom.Id, operation == AdminOperation.AddMember ? whom.Address : "", result =>
        {
            _changing = false;
            done(result is { Retry: false, Error: null });
        });
    }
}
