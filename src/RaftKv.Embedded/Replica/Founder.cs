using Microsoft.Extensions.Logging;
using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Diagnostics;
using RaftKv.Embedded.Storage;
using RaftKv.Embedded.Transport;

namespace RaftKv.Embedded.Replica;

/// <summary>
/// The first start of a configured cluster. Every node waits; the one with the smallest name founds the cluster once it has seen every initial
/// member, all of them without a history, and has noted their incarnations. From then on the others are joined like any new node. So a
/// wiped node can never found the cluster a second time while one of the others remembers it.
/// </summary>
internal sealed class Founder(RaftKvOptions options, LocalIdentity identity, Formation formation, ITransport transport, Replica replica, ILogger log, CancellationToken ended)
{
    private static readonly TimeSpan ProbeTimeout = TimeSpan.FromSeconds(1);
    private string _waitsFor = "";

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
            if (IsFounder && TryFound())
                return;
            if (ended.WaitHandle.WaitOne(pause))
                return;
            pause = TimeSpan.FromMilliseconds(Math.Min(500, pause.TotalMilliseconds * 1.5));
        }
    }

    private bool IsFounder => options.InitialMembers.All(m => string.CompareOrdinal(options.NodeId, m.NodeId) <= 0);

    private bool TryFound()
    {
        var members = new List<Member>();
        foreach (var initial in options.InitialMembers)
        {
            if (initial.NodeId == options.NodeId)
            {
                members.Add(new Member(initial.NodeId, initial.Address, identity.Incarnation, MemberRole.Voter));
                continue;
            }
            if (Ask(initial) is not { } hello)
                return false;
            members.Add(new Member(initial.NodeId, initial.Address, hello.Incarnation, MemberRole.Voter));
        }
        if (formation.TryFound(members) is { } start)
        {
            log.Founded(options.NodeId, identity.ClusterId, members.Count);
            replica.Post(new Formed(start, recovered: false));
        }
        return true;
    }

    private PeerHello? Ask(RaftKvMember initial)
    {
        PeerHello hello;
        try
        {
            hello = transport.ProbeAsync(initial.Address, ProbeTimeout, ended).GetAwaiter().GetResult();
        }
        catch (Exception e) when (e is RaftKvUnavailableException or OperationCanceledException)
        {
            return Wait(initial, "cannot be reached yet");
        }
        if (hello.NodeId != initial.NodeId)
            return Wait(initial, $"calls itself {hello.NodeId}");
        if (hello.ClusterId != Guid.Empty)
            return Wait(initial, $"belongs to cluster {hello.ClusterId} already; if that is this cluster, add this node to it, and if not, remove that node's data directory");
        return hello;
    }

    /// <summary>Says once for each reason why the cluster is not formed yet.</summary>
    private PeerHello? Wait(RaftKvMember initial, string reason)
    {
        var waitsFor = $"{initial.NodeId} at {initial.Address} {reason}";
        if (waitsFor != _waitsFor && !ended.IsCancellationRequested)
            log.WaitsForMember(options.NodeId, waitsFor);
        _waitsFor = waitsFor;
        return null;
    }
}
