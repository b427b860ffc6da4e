using RaftKv.Embedded;
using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Node;
using RaftKv.Embedded.Transport;
using RaftKv.Simulation.Clients;

namespace RaftKv.Simulation;

/// <summary>Forms the cluster, as the options say, and changes its members.</summary>
internal sealed class Operators(Simulation run)
{
    private readonly SimRandom _chance = run.Random.Fork("operators");
    private bool _hasLostFounder;

    /// <summary>How many changes of members are asked for and not answered.</summary>
    private int _changing;

    /// <summary>Nodes whose data directory is removed when they are next down: they are no members any more.</summary>
    private readonly HashSet<SimNode> _toWipe = [];

    /// <summary>Nodes that are being set up again, or admitted.</summary>
    private readonly HashSet<SimNode> _repairs = [];

    /// <summary>What to call when a node has been admitted.</summary>
    private readonly Dictionary<SimNode, Action> _takenIn = [];

    public bool IsIdle => _changing == 0 && _repairs.Count == 0;

    public void Start()
    {
        if (!run.Swarm.Alone)
            Found();
        else
            Grow(1);
        if (run.Swarm.Membership)
            ChangeLater();
    }

    /// <summary>
    /// Asks for a transfer of the leadership to any voter, or to a random node, which may be the wrong one; <c>false</c> when no node can
    /// be asked.
    /// </summary>
    public bool Transfer(SimRandom chance)
    {
        var nodes = run.Nodes.Where(n => n.Core is not null && n.PausedUntil <= run.Time.Now).ToList();
        if (nodes.Count == 0)
            return false;
        var to = chance.OneIn(2) ? "" : chance.Pick(run.Nodes).Id;
        _ = new AdminOperationCall(run, chance.Pick(nodes), AdminOperation.TransferLeadership, to, "", _ => { });
        return true;
    }

    /// <summary>
    /// Does what the error of a damaged node advises: the node is removed through a healthy one, gets an empty data directory, and is added
    /// again.
    /// </summary>
    public void PutUpAnew(SimNode node)
    {
        _repairs.Add(node);
        RemoveDamaged(node);
    }

    /// <summary>Gives a healthy member another disk in the same way, or makes a new node a member.</summary>
    public void Admit(SimNode node, bool isMember, Action done)
    {
        _repairs.Add(node);
        _takenIn[node] = done;
        if (isMember)
            RemoveDamaged(node);
        else
            AddRepaired(node);
    }

    /// <summary>Asks a leader to remove a node.</summary>
    public void RemoveThrough(SimNode leader, SimNode removed, Action<AdminResult?> done) => Ask(leader, AdminOperation.RemoveMember, removed, done);

    /// <summary>Asks a leader to remove a node, or, without one, for a random change.</summary>
    public void ChangeThrough(SimNode leader, SimNode? removed)
    {
        if (removed is null)
            ChangeThrough(leader);
        else
            Ask(leader, AdminOperation.RemoveMember, removed, _ => { });
    }

    private void RemoveDamaged(SimNode node) => WhenFree(node, asked => Ask(asked, AdminOperation.RemoveMember, node, result =>
    {
        if (result is not { Retry: false, Error: null or RaftKvMembershipError.UnknownMember })
        {
            RemoveDamaged(node);
            return;
        }
        if (node.IsUp)
            node.Die(power: false);
        node.Wipe();
        run.Faults.RestartSoon(node);
        AddRepaired(node);
    }));

    private void AddRepaired(SimNode node) => WhenFree(node, asked => Ask(asked, AdminOperation.AddMember, node, result =>
    {
        if (!IsDone(result))
        {
            AddRepaired(node);
            return;
        }
        _repairs.Remove(node);
        if (_takenIn.Remove(node, out var done))
            done();
    }));

    /// <summary>Lets an operator ask some other member, as soon as no other change is under way.</summary>
    private void WhenFree(SimNode node, Action<SimNode> act) => run.Time.After(_chance.Around(500 * VirtualTime.Millisecond), () =>
    {
        var others = run.Nodes.Where(n => n != node && n is { IsListening: true, Core: { Role: not RaftRole.Removed } } && n.PausedUntil <= run.Time.Now).ToList();
        if (_changing > 0 || others.Count == 0)
            WhenFree(node, act);
        else
            act(_chance.Pick(others));
    });

    /// <summary>
    /// What <see cref="ClusterBootstrapper"/> does on its thread: the node with the smallest name bootstraps the cluster once every initial
    /// member answers and none of them has a history.
    /// </summary>
    private void Found() => run.Time.After(_chance.Around(100 * VirtualTime.Millisecond), () =>
    {
        var founders = run.Nodes.Take(run.Swarm.Founders).ToList();
        var first = founders[0];
        if (first.IsListening && first.PausedUntil <= run.Time.Now && founders.TrueForAll(n => n.IsListening && n.Identity.ClusterId == Guid.Empty))
        {
            first.Run("founder", () =>
            {
                try
                {
                    if (first.ClusterBootstrap.TryBootstrap(
                        [.. founders.Select(n => new Member(n.Id, n.Address, n.Identity.Incarnation, MemberRole.Voter))]) is { } start)
                        first.Replica.Post(new Bootstrapped(start));
                }
                catch (RaftKvStorageException e)
                {
                    first.Replica.Post(new FaultHappened(e));
                }
            });
            if (run.Swarm.LosesFounder && !_hasLostFounder)
                LoseFounder(first, founders, run.Time.Now + VirtualTime.Second);
        }
        if (!first.IsUp || first.Core is null)
            Found();
    });

    /// <summary>The founder's disk is lost when another node belongs to the cluster and none has an entry of it.</summary>
    private void LoseFounder(SimNode first, List<SimNode> founders, long end) => run.Time.After(50 * VirtualTime.Microsecond, () =>
    {
        var others = founders.Where(n => n != first && n.IsUp).ToList();
        if (run.IsHealing || run.Time.Now > end || !first.IsListening || others.Exists(n => n.Core is { LastIndex: > 0 }))
            return;
        if (!others.Exists(n => n.Identity.ClusterId != Guid.Empty))
        {
            LoseFounder(first, founders, end);
            return;
        }
        _hasLostFounder = true;
        first.Die(power: false);
        first.Wipe();
        run.Faults.RestartSoon(first);
        Found();
    });

    /// <summary>Adds the other founders to a cluster of one, until all of them are members.</summary>
    private void Grow(int next)
    {
        if (next >= run.Swarm.Founders)
            return;
        run.Time.After(_chance.Around(50 * VirtualTime.Millisecond), () =>
        {
            if (run.IsHealing)
                return;
            var asked = run.MayFound(run.Nodes[0]) ? run.Nodes[0] : _chance.Pick(run.Nodes);
            if (_changing > 0 || _toWipe.Contains(run.Nodes[next]) || asked.PausedUntil > run.Time.Now || (!run.MayFound(asked) && asked.Core is null))
                Grow(next);
            else
                Ask(asked, AdminOperation.AddMember, run.Nodes[next], result => Grow(IsDone(result) ? next + 1 : next));
        });
    }

    private void ChangeLater() => run.Time.After(_chance.Around(2 * VirtualTime.Second), () =>
    {
        if (run.IsHealing)
            return;
        if (IsIdle)
            Change();
        ChangeLater();
    });

    /// <summary>Some operators have waited for a leader, and ask it at once.</summary>
    public void OnElected(SimNode leader)
    {
        if (run.Swarm.Membership && !run.IsHealing && IsIdle && _chance.OneIn(3))
            run.Time.After(_chance.Below(3 * VirtualTime.Millisecond), () => { if (!run.IsHealing) ChangeThrough(leader); });
    }

    private void Change()
    {
        var formed = run.Nodes.Where(n => n is { IsListening: true, Core: { Role: not RaftRole.Removed } } && n.PausedUntil <= run.Time.Now).ToList();
        if (formed.Count == 0)
            return;
        var asked = _chance.Pick(formed);
        ChangeThrough(asked);
        // Now and then two operators do not know of each other.
        if (_chance.OneIn(4))
            run.Time.After(_chance.Below(5 * VirtualTime.Millisecond), () => { if (!run.IsHealing) ChangeThrough(asked); });
    }

    private void ChangeThrough(SimNode asked)
    {
        if (!asked.IsListening || asked.Core is null)
            return;
        var whom = _chance.Pick(run.Nodes);
        // A damaged node counts as lost: no change may reduce what is left of the quorum.
        if (run.Nodes.Any(n => n.IsDamaged))
            return;
        if (asked.Core!.Configuration.Find(whom.Id) is not null && _chance.OneIn(2))
            Ask(asked, AdminOperation.RemoveMember, whom, result => { if (IsDone(result) && _chance.OneIn(2)) WipeLater(whom); });
        else if (!_toWipe.Contains(whom))
            Ask(asked, AdminOperation.AddMember, whom, _ => { });
    }

    /// <summary>Sets up a removed node again, as the advice for damaged nodes says.</summary>
    private void WipeLater(SimNode node)
    {
        _toWipe.Add(node);
        run.Time.After(_chance.Around(VirtualTime.Second), () =>
        {
            _toWipe.Remove(node);
            // Another operator may have added the node again, and a node that is down cannot tell.
            if (node.IsRefused || run.Nodes.Any(n => n != node && (!n.IsUp || n.Core?.Configuration.Find(node.Id) is not null)))
                return;
            if (node.IsUp)
                node.Die(power: false);
            node.Wipe();
            run.Faults.RestartSoon(node);
        });
    }

    private static bool IsDone(AdminResult? result) => result is { Retry: false, Error: null };

    private void Ask(SimNode node, AdminOperation operation, SimNode whom, Action<AdminResult?> done)
    {
        if (!node.IsListening)
        {
            done(null);
            return;
        }
        _changing++;
        _ = new AdminOperationCall(run, node, operation, whom.Id, operation == AdminOperation.AddMember ? whom.Address : "", result =>
        {
            _changing--;
            done(result);
        });
    }
}
