using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Tests.Consensus.Model;

// The faults of a run.
internal sealed partial class RandomRun
{
    private void Trouble()
    {
        if (_peace)
            return;
        var node = Any();
        switch (_random.Below(12))
        {
            case 0 or 1 when _faults.Crashes: CrashAndRestart(node); break;
            case 2 when _faults.Partitions: Partition(); break;
            case 3 when _faults.Partitions: _cut.Clear(); break;
            case 4 when _faults.Pauses: _clocks[node].PausedUntil = _time + (_random.Below(900) * Ms); break;
            case 5 or 6 when _faults.Membership: ChangeMembers(); break;
            case 7 when _faults.Transfers: Do(Leader() ?? node, now => new TransferRequested(now, ++_nextId, _random.Below(3) == 0 ? Any().Id : null)); break;
            case 8 or 9 when _faults.Snapshots: Snapshot(node); break;
            case 10 when _faults.Hints:
                var other = Leader() ?? Any();
                Do(node, now => new PeerDisconnected(now, other.Id));
                break;
            case 11 when _faults.Membership: Wipe(); break;
        }
    }

    private void Snapshot(ModelNode node)
    {
        if (node.Core is null)
            return;
        node.Now = Clock(node);
        node.TakeSnapshot(_random.Below(6));
        Stepped(node);
    }

    private void CrashAndRestart(ModelNode node)
    {
        if (node.Core is null)
            return;
        Note($"{node.Id} crashes");
        node.Crash();
        _checker.Crashed(node);
        At(_time + (_random.Below(_random.Below(4) == 0 ? 1500 : 100) * Ms), () => Restart(node));
    }

    private void Restart(ModelNode node)
    {
        if (node.Core is not null || !_nodes.Contains(node))
            return;
        Note($"{node.Id} starts with {node.Disk.LastIndex} entries in term {node.Disk.Term}");
        Start(node);
    }

    private void Partition()
    {
        _cut.Clear();
        var oneWay = _random.Below(4) == 0;
        var side = _nodes.ToDictionary(n => n.Id, _ => _random.Below(2));
        foreach (var a in _nodes)
        {
            foreach (var b in _nodes)
            {
                if (oneWay ? side[a.Id] < side[b.Id] : side[a.Id] != side[b.Id])
                    _cut.Add((a.Id, b.Id));
            }
        }
        Note($"partition {string.Join(' ', side.Select(s => $"{s.Key}:{s.Value}"))}{(oneWay ? " one way" : "")}");
    }

    private void ChangeMembers()
    {
        if (Leader() is not { Core: { } core } leader)
            return;
        var node = Any();
        MembershipChange change = _random.Below(5) switch
        {
            0 => new PromoteMember(node.Id),
            1 or 2 => new RemoveMember(node.Id),
            _ => new AddMember(new Member(node.Id, $"{node.Id}:1", node.Incarnation, _random.Below(3) == 0 ? MemberRole.Learner : MemberRole.Joining)),
        };
        Note($"ask {leader.Id} in term {core.Term}: {change}");
        Do(leader, now => new ChangeRequested(now, ++_nextId, change));
    }

    /// <summary>A node that is certainly no member loses its disk, and returns as another incarnation.</summary>
    private void Wipe()
    {
        if (Leader() is not { Core: { CanServeReads: true } core } || core.ConfigurationIndex > core.CommitIndex || core.CommitIndex < _checker.MaxCommit)
            return;
        if (_nodes.Find(n => core.Configuration.Find(n.Id) is null) is not { } outsider)
            return;
        Note($"{outsider.Id} is wiped");
        outsider.Crash();
        _checker.Crashed(outsider);
        var at = _nodes.IndexOf(outsider);
        _nodes.Remove(outsider);
        Start(AddNode(outsider.Id, ModelClusters.Incarnation(outsider.Id, ++_wipes), at));
    }
}
