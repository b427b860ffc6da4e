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
internal sealed class Founder(RaftKvOptions options, LocalIdentity identity, Formation formation, ITransport transport, Replica replica, ILogger log, CancellationToken ended)
{
    private static readonly TimeSpan ProbeTimeout = TimeSpan.FromSeconds(1);
    private string _waitsFor = "";
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
                return;
            if (ended.WaitHandle.WaitOne(pause))
                return;
            // About a tenth of the time waited so far: that is the most that is lost when the last one comes.
            pause = TimeSpan.FromMilliseconds(Math.Min(500, pause.TotalMilliseconds * 1.1));
        }
    }

    private bool IsFounder => options.InitialMembers.Count > 0 && options.InitialMembers.All(m => string.CompareOrdinal(options.NodeId, m.NodeId) <= 0);

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
            Wait($"{address} calls itself {stranger.NodeId}, of cluster {stranger.ClusterId}, and is no initial member");
            return;
        }
        var cluster = formed[0].Value.ClusterId;
        if (formed.Exists(a => a.Value.ClusterId != cluster))
        {
            Wait($"{string.Join(", ", formed.Select(a => $"{a.Key} belongs to cluster {a.Value.ClusterId}"))}; correct the addresses, this node joins neither");
            return;
        }
        foreach (var (address, _) in formed)
        {
            if (identity.ClusterId != Guid.Empty || transport.TryProbe(address, ProbeTimeout, ended, wantsToJoin: true) is null)
                continue;
            if (_asked != cluster)
                log.AsksToJoin(options.NodeId, cluster, address);
            _asked = cluster;
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
                return Wait($"{initial.NodeId} at {initial.Address} cannot be reached yet");
            else if (hello.NodeId != initial.NodeId)
                return Wait($"{initial.NodeId} at {initial.Address} calls itself {hello.NodeId}");
            else
                members.Add(new Member(initial.NodeId, initial.Address, hello.Incarnation, MemberRole.Voter));
        }
        if (formation.TryFound(members, answers.Values.Select(a => a.FeatureLevel).Append(options.FeatureLevel).Min()) is { } start)
        {
            log.Founded(options.NodeId, identity.ClusterId, members.Count);
            replica.Post(new Formed(start, recovered: false));
        }
        return true;
    }

    /// <summary>Says once for each reason why the node has no cluster yet.</summary>
    private bool Wait(string reason)
    {
        if (reason != _waitsFor && !ended.IsCancellationRequested)
            log.WaitsForMember(options.NodeId, reason);
        _waitsFor = reason;
        return false;
    }
}
