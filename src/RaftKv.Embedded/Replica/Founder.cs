using Microsoft.Extensions.Logging;
using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Diagnostics;
using RaftKv.Embedded.Storage;
using RaftKv.Embedded.Transport;

namespace RaftKv.Embedded.Replica;

/// <summary>
/// The first start of a node. Whoever finds a cluster at its seeds or its fellow initial members asks it to be taken in. Without one, every initial member waits; the one with the
/// smallest name founds the cluster once it has seen all of them, all without a history, and has noted their incarnations. From then on the others are joined like any new
/// node. So a wiped node can never found the cluster a second time while one of the others remembers it.
/// </summary>
internal sealed class Founder(RaftKvOptions options, LocalIdentity identity, Formation formation, ITransport transport, Replica replica, BootstrapReport report, ILogger log, CancellationToken ended)
{
    private static readonly TimeSpan ProbeTimeout = TimeSpan.FromSeconds(1);
    private Guid _asked;

    public void Run()
    {
        try
        {
            FoundOrWait();
        }
        catch (Exception e)
        {
            // The disk, most likely: the node is faulted, and the host lives.
            replica.Post(new FaultHappened(e));
        }
    }

    private void FoundOrWait()
    {
        var pause = TimeSpan.FromMilliseconds(20);
        while (!ended.IsCancellationRequested && identity.ClusterId == Guid.Empty)
        {
            var answers = AskAll();
            if (answers.Values.Any(a => a.ClusterId != Guid.Empty))
                AskToJoin(answers);
            else if (IsFounder && TryFound(answers))
                break;
            else if (!IsFounder)
                WaitForOthers();
            if (ended.WaitHandle.WaitOne(pause))
                return;
            // About a tenth of the time waited so far: that is the most that is lost when the last one comes.
            pause = TimeSpan.FromMilliseconds(Math.Min(500, pause.TotalMilliseconds * 1.1));
        }
        report.Clear();
    }

    private bool IsFounder => BootstrapMode.Of(options) == RaftKvBootstrap.InitialMembers && options.InitialMembers.All(m => string.CompareOrdinal(options.NodeId, m.NodeId) <= 0);

    /// <summary>Who answers at the known addresses, this node left out.</summary>
    private Dictionary<string, PeerHello> AskAll()
    {
        var answers = new Dictionary<string, PeerHello>(StringComparer.Ordinal);
        foreach (var address in options.InitialMembers.Where(m => m.NodeId != options.NodeId).Select(m => m.Address).Concat(options.Seeds).Distinct())
        {
            if (transport.TryProbe(address, ProbeTimeout, ended) is { } hello && hello.NodeId != options.NodeId)
                answers[address] = hello;
        }
        return answers;
    }

    private void AskToJoin(Dictionary<string, PeerHello> answers)
    {
        var formed = answers.Where(a => a.Value.ClusterId != Guid.Empty && IsExpected(a.Key, a.Value)).ToList();
        if (formed.Count == 0)
        {
            var (address, stranger) = answers.First(a => a.Value.ClusterId != Guid.Empty);
            Wait($"The node at {address} calls itself {stranger.NodeId}, belongs to cluster {stranger.ClusterId} and is no initial member. Correct InitialMembers.", isMistake: true);
            return;
        }
        var cluster = formed[0].Value.ClusterId;
        if (formed.Exists(a => a.Value.ClusterId != cluster))
        {
            Wait($"{string.Join(", ", formed.Select(a => $"{a.Key} belongs to cluster {a.Value.ClusterId}"))}. Correct the addresses; this node joins neither.", isMistake: true);
            return;
        }
        foreach (var (address, _) in formed)
        {
            if (identity.ClusterId != Guid.Empty || transport.TryProbe(address, ProbeTimeout, ended, wantsToJoin: true) is null)
                continue;
            if (_asked != cluster)
                log.AsksToJoin(options.NodeId, cluster, address);
            _asked = cluster;
            report.Wait($"It has asked the cluster {cluster} at {address} to take it in. The cluster needs a leader for that.", isMistake: false);
            return;
        }
    }

    /// <summary>A seed may be anybody; at the address of an initial member must be that member, for the address may have been given to a node of another cluster.</summary>
    private bool IsExpected(string address, PeerHello answer) =>
        options.Seeds.Contains(address) || options.InitialMembers.Any(m => m.Address == address && m.NodeId == answer.NodeId);

    private bool TryFound(Dictionary<string, PeerHello> answers)
    {
        var members = new List<Member>();
        foreach (var initial in options.InitialMembers)
        {
            if (initial.NodeId == options.NodeId)
                members.Add(new Member(initial.NodeId, initial.Address, identity.Incarnation, MemberRole.Voter));
            else if (!answers.TryGetValue(initial.Address, out var hello))
                return Wait($"{initial.NodeId} at {initial.Address} cannot be reached yet. Start it, or correct InitialMembers.");
            else if (hello.NodeId != initial.NodeId)
                return Wait($"At {initial.Address}, the address of {initial.NodeId}, {hello.NodeId} answers. Correct InitialMembers or the addresses.", isMistake: true);
            else
                members.Add(new Member(initial.NodeId, initial.Address, hello.Incarnation, MemberRole.Voter));
        }
        var level = answers.Values.Select(a => a.FeatureLevel).Append(options.FeatureLevel).Min();
        var limits = answers.Values.Select(a => a.Limits).Aggregate(ClusterLimits.Of(options), static (all, one) => one is null ? all : all.And(one));
        if (formation.TryFound(members, level, limits) is { } start)
        {
            log.FoundedCluster(options.NodeId, identity.ClusterId, members.Count);
            replica.Post(new Formed(start));
        }
        return true;
    }

    /// <summary>What this node waits for when another one founds the cluster, or already has.</summary>
    private void WaitForOthers()
    {
        if (options.InitialMembers.Count + options.Seeds.Count == 0)
            report.Wait("Its options name no other node. Add it through a member of the cluster (AddMemberAsync), or set Seeds to addresses of the cluster, or InitialMembers to the same list on every node of a "
                + "new cluster, or Bootstrap to SingleNode for a cluster of one.", isMistake: options.Bootstrap != RaftKvBootstrap.Never);
        else if (BootstrapMode.Of(options) == RaftKvBootstrap.InitialMembers)
            report.Wait($"{options.InitialMembers.Select(m => m.NodeId).Order(StringComparer.Ordinal).First()} founds the cluster once it has seen every initial member. Start the initial members that do not run yet.", isMistake: false);
        else
            report.Wait($"No node of a cluster answers at {string.Join(", ", options.Seeds.Concat(options.InitialMembers.Select(m => m.Address)).Distinct())}. Start the cluster, or correct the addresses.", isMistake: false);
    }

    private bool Wait(string reason, bool isMistake = false)
    {
        if (!ended.IsCancellationRequested)
            report.Wait(reason, isMistake);
        return false;
    }
}
