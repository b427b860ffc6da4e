using RaftKv.Embedded;
using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Log;
using RaftKv.Simulation.Clients;
using RaftKv.Simulation.Invariants;

namespace RaftKv.Simulation;

// All faults end. A cluster whose members run and reach each other must elect, agree and serve within a time limit.
internal sealed partial class Simulation
{
    private const long HealingTime = 90 * VirtualTime.Second;

    private const long DeafTime = 20 * VirtualTime.Second;

    private const long MissingTime = 40 * VirtualTime.Second;

    private const long FullDiskTime = 60 * VirtualTime.Second;

    /// <summary>For how many segments of the log there is room on a disk that another program has filled.</summary>
    private const int SegmentsLeft = 3;

    private readonly HashSet<SimNode> _missing = [];

    /// <summary>The nodes that stay down until the others have shown that they serve without them.</summary>
    public IReadOnlySet<SimNode> Missing => _missing;

    /// <summary>Kills a node, which stays down when everything else heals, and lets that begin now.</summary>
    public void Misses(SimNode node)
    {
        _missing.Add(node);
        node.Die(power: false);
        EndOfFaults = Time.Now + VirtualTime.Millisecond;
    }

    private void Heal()
    {
        Transcript.Add("", "everything heals");
        IsHealing = true;
        ChooseMissing();
        Faults.Stop();
        DeleteOnFullDisks();
        _nodes.ForEach(n => n.EnlargeDisk());
        DoWithoutMissing();
        var end = Time.Now + HealingTime;
        RunUntil(end, () => _nodes.TrueForAll(n => n.IsListening && n.Calls.Count == 0) && Operators.IsIdle, "no call is under way");
        RunUntil(end, HasFormed, "the cluster has formed");
        RunUntil(end, () => !_nodes.Exists(Joiners.IsAsking), "no node asks to be admitted any more");
        RunUntil(end, HasConverged, "all members have applied the same");
        var leader = Leader();
        CheckEqual(leader);
        foreach (var member in Members(leader))
            Serve(member, end);
        RunUntil(end, () => Leader() is { } now && now.Applier.NextDueMs == long.MaxValue, "everything that had an end is gone");
        RunUntil(end, HasConverged, "all members have applied the same");
        DeafenLeader(end);
        RunUntil(end, HasConverged, "all members have applied the same");
        CheckEqual(Leader());
        Watches.CheckComplete([.. Members(Leader())]);
    }

    /// <summary>
    /// Chooses at most a minority of the voters, such that the others are a quorum of the committed configuration and of every newer one in
    /// the log of any node.
    /// </summary>
    private void ChooseMissing()
    {
        var chance = Random.Fork("missing");
        var wanted = _missing.ToList();
        if (chance.OneIn(3))
            wanted.AddRange(_nodes.OrderBy(n => (n.Leads && chance.OneIn(2) ? 0UL : 1UL, chance.Source.Next())));
        _missing.Clear();
        foreach (var node in wanted)
        {
            if (_missing.Add(node) && !SufficesWithout(_missing))
                _missing.Remove(node);
        }
        foreach (var node in _missing.Where(n => n.IsUp))
            node.Die(power: chance.OneIn(2));
    }

    private bool SufficesWithout(HashSet<SimNode> missing)
    {
        if (History.Last.Index == 0 || !Operators.IsIdle || Swarm.RolledBackDisks || _nodes.Exists(n => n.IsDamaged || n.IsRefused))
            return false;
        // An entry of a missing node may still be under way to another node, and a node that has just died may still get the vote that it
        // waits for.
        var known = _nodes.Where(n => !n.IsBlank).Select(n => n.Replica.Core).Where(core => core is not null && core.ConfigurationIndex >= History.ConfigurationIndex).Select(core => core!.Configuration);
        return known.Append(History.Configuration).All(c => c.Members.Count(m => m.IsVoter && NodeAt(m.Address) is var n && !missing.Contains(n) && !n.IsBlank && n.Identity.Incarnation == m.Incarnation) > c.Members.Count(m => m.Role != MemberRole.Learner) / 2);
    }

    /// <summary>Any quorum serves, also one without the node that had the longest log.</summary>
    private void DoWithoutMissing()
    {
        if (_missing.Count == 0)
            return;
        var end = Time.Now + MissingTime;
        Transcript.Add("", $"without {string.Join(' ', _missing.Select(n => n.Id))}");
        var writes = AnsweredByLeader((leader, ended) => WriteCall.Set(this, leader, "k0", NextOperation(), ended));
        RunUntil(end, writes, $"a write succeeds without {string.Join(' ', _missing.Select(n => n.Id))}");
        var back = _missing.ToList();
        _missing.Clear();
        back.ForEach(Faults.RestartSoon);
    }

    /// <summary>Makes a call on the node that leads, again and again. True once a call has succeeded.</summary>
    private Func<bool> AnsweredByLeader(Action<SimNode, Action<bool>> call)
    {
        bool? answer = false;
        return () =>
        {
            if (answer == false && Leader() is { IsListening: true, Core.CanServeReads: true } leader)
            {
                answer = null;
                call(leader, done => answer = done);
            }
            return answer == true;
        };
    }

    /// <summary>
    /// Deletions give room, so they succeed on disks that are full but for a few segments of the log, also when all processes restart on
    /// them.
    /// </summary>
    private void DeleteOnFullDisks()
    {
        if (!Swarm.SmallDisks || _missing.Count > 0 || History.Last.Index == 0
            || _nodes.Exists(n => !n.IsListening || n.MayFault || !n.HasRoomFor(SegmentsLeft)))
            return;
        var end = Time.Now + FullDiskTime;
        Transcript.Add("", "all processes restart on their full disks");
        _leaseTime.OnAllRestart();
        foreach (var node in _nodes)
        {
            node.FillDisk(SegmentsLeft);
            node.Die(power: false);
            Faults.RestartSoon(node);
        }
        var deletes = AnsweredByLeader((leader, ended) => WriteCall.Delete(this, leader, "k0", default, ended));
        while (!deletes() && Time.Step(end))
        {
        }
        if (!deletes() && _nodes.TrueForAll(n => n.HasRoomFor(1)) && !AMemberNeedsASnapshot())
        {
            var nodes = string.Join("; ", _nodes.Select(n => n.Describe()));
            throw new BrokenInvariantException("Deletions on full disks", $"none within {FullDiskTime / VirtualTime.Second} s; {nodes}");
        }
    }

    /// <summary>A member that needs a snapshot waits for as much room as that takes.</summary>
    private bool AMemberNeedsASnapshot() => Leader() is { Core: { } core } leader
        && Members(leader).Any(n => n.Core is not { } member || member.LastIndex < core.SnapshotIndex);

    /// <summary>
    /// A leader that is still heard, but hears no other node, does not keep the others from electing a new leader (dissertation §6.2).
    /// </summary>
    private void DeafenLeader(long end)
    {
        var leader = Leader();
        if (leader.Core!.Configuration.VoterCount < 3)
            return;
        var other = Members(leader).First(n => n != leader && leader.Core.Configuration.IsVoter(n.Id));
        Transcript.Add(leader.Id, "hears nobody any more");
        foreach (var node in _nodes)
            Network.Block(node, leader, Time.Now + HealingTime);
        ServeUntilDone(other, Math.Min(end, Time.Now + DeafTime), "a write succeeds although the leader hears nobody", ended => WriteCall.Set(this, other, "k0", NextOperation(), ended));
        Network.Heal();
    }

    private bool HasFormed()
    {
        if (!_nodes.Exists(n => n.Core is { Role: RaftRole.Leader }) && MayFound(_nodes[0]) && _nodes[0].Core is null && _nodes[0].Calls.Count == 0)
            WriteCall.Set(this, _nodes[0], "k0", NextOperation(), _ => { });
        return _nodes.Exists(n => n.Core is { Role: RaftRole.Leader });
    }

    private bool HasConverged()
    {
        if (_nodes.FindLast(n => n.Core is { Role: RaftRole.Leader } && _nodes.TrueForAll(o => o.Core is null or { Role: RaftRole.Removed } || o.Core.Term <= n.Core!.Term)) is not { Core: { } core } leader)
            return false;
        return core.CommitIndex == core.LastIndex && core.Configuration.Members.All(m => m.Role != MemberRole.Joining)
            && Members(leader).All(n => n is { IsListening: true, Core: not null } && n.Applier.AppliedIndex == core.CommitIndex && n.Core.LeaderId == leader.Id);
    }

    private SimNode Leader() => _nodes.Where(n => n.Core is { Role: RaftRole.Leader }).MaxBy(n => n.Core!.Term)!;

    private IEnumerable<SimNode> Members(SimNode leader) => leader.Core!.Configuration.Members.Select(m => NodeAt(m.Address));

    private void CheckEqual(SimNode leader)
    {
        var digest = leader.Applier.State.Digest();
        foreach (var member in Members(leader))
        {
            if (member.Applier.State.Digest() != digest)
                throw new BrokenInvariantException("Convergence", $"{member.Id} and {leader.Id} have applied {History.Last.Index} and differ");
        }
    }

    /// <summary>A write and a read succeed, not always with the first attempt when their time is short and the network slow.</summary>
    private void Serve(SimNode member, long end)
    {
        ServeUntilDone(member, end, "a write succeeds", ended => WriteCall.Set(this, member, "k0", NextOperation(), ended));
        ServeUntilDone(member, end, "a read succeeds", ended => _ = new ReadCall(this, member, "k0", KvConsistency.Linearizable, ended));
    }

    private void ServeUntilDone(SimNode node, long end, string what, Action<Action<bool>> call)
    {
        var succeeded = false;
        while (!succeeded)
        {
            // The node may find only now that its disk is damaged.
            RunUntil(end, () => node.IsListening, $"{node.Id} is back");
            // A removal that an operator asked for before may be carried out only now.
            if (node.Core is { Role: RaftRole.Removed })
                return;
            bool? answer = null;
            call(done => answer = done);
            RunUntil(end, () => answer is not null, what);
            succeeded = answer == true;
        }
    }

    private void RunUntil(long end, Func<bool> reached, string what)
    {
        while (!reached())
        {
            if (!Time.Step(end))
                throw new BrokenInvariantException("Convergence", $"not within {HealingTime / VirtualTime.Second} s: {what}; {string.Join("; ", _nodes.Select(n => n.Describe()))}");
        }
    }
}
