using RaftKv.Embedded.Diagnostics;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Primitives;
using RaftKv.Embedded.Transport;

namespace RaftKv.Embedded.Node;

/// <summary>
/// Members that have moved, and nodes that ask to join: requests that an operator would otherwise have to make. Holder of the turn.
/// </summary>
internal sealed class MemberDiscovery(ReplicaContext context, MembershipRequests requests)
{
    /// <summary>How often a found address is reported to the leader, until the configuration has it.</summary>
    private static readonly long ReportInterval = TimeSpan.FromSeconds(1).Ticks;

    /// <summary>Where members were reached that are not where the configuration says.</summary>
    private readonly Dictionary<string, (Guid Incarnation, string Address)> _foundAt = [];

    private readonly RepeatThrottle _joinReports = new(TimeSpan.FromSeconds(10));
    private long _nextReport;

    /// <summary>Members that introduced themselves with the new identity of their directory while this node did not lead.</summary>
    private readonly Dictionary<string, JoinRequested> _rolledBackMembers = [];

    /// <summary>Nodes that are being admitted without an operator.</summary>
    public JoinRequests JoinRequests { get; } = new();

    public void OnConnected(PeerHello peer, string address)
    {
        if (context.Core?.Configuration.Find(peer.NodeId) is { } member && member.Incarnation == peer.Incarnation
            && member.Address != address)
            _foundAt[peer.NodeId] = (peer.Incarnation, address);
        else
            _foundAt.Remove(peer.NodeId);
    }

    /// <summary>Has the leader, be it this node or another, put the address where a member was found into the configuration.</summary>
    public void Sweep()
    {
        if (_foundAt.Count == 0 || context.IsStopping || !context.KnowsLeader || context.Now.Ticks < _nextReport)
            return;
        _nextReport = context.Now.Ticks + ReportInterval;
        foreach (var (nodeId, (incarnation, address)) in _foundAt)
        {
            if (context.Core!.Configuration.Find(nodeId) is { } member && member.Incarnation == incarnation && member.Address != address)
                requests.Take(new AdminCall { Operation = AdminOperation.MoveMember, NodeId = nodeId, Address = address });
            else
                _foundAt.Remove(nodeId);
        }
    }

    /// <summary>
    /// Admits a node that asks for it, or a member that came back with an empty disk: as a learner, under its new identity.
    /// </summary>
    public void OnJoinRequest(JoinRequested request)
    {
        if (context.Core is null || context.IsStopping)
            return;
        var known = context.Core.Configuration.Find(request.NodeId);
        if (request.LeadersConcern && !context.Leads)
        {
            if (request.IsRolledBack && known is not null)
                _rolledBackMembers[request.NodeId] = request;
            return;
        }
        if (known?.Incarnation == request.Incarnation || !JoinRequests.TryBegin(request.NodeId, request.Incarnation, context.Now.Ticks))
            return;
        if (_joinReports.IsDue($"{request.NodeId} {request.Incarnation}", context.Now.Ticks))
            LogJoinRequest(request, known?.Incarnation);
        requests.Take(new AdminCall
        {
            Operation = AdminOperation.Admit,
            NodeId = request.NodeId,
            Address = request.Address,
            Ended = result => context.Post(new JoinRequestSettled(request.NodeId, request.Incarnation, result)),
        });
    }

    /// <summary>
    /// A member sends messages under another identity than the configuration names. If it is the new identity of a directory that went back
    /// in time, and this node did not lead when it was told, no introduction follows, because both connections stay: the request that was
    /// kept then is taken now.
    /// </summary>
    public void AdmitRolledBack(string nodeId, Guid incarnation)
    {
        if (context.Leads && _rolledBackMembers.TryGetValue(nodeId, out var met) && met.Incarnation == incarnation)
            OnJoinRequest(met);
    }

    private void LogJoinRequest(JoinRequested request, Guid? replaced)
    {
        var timeout = context.Options.ReplacedDiskTimeout.TotalSeconds;
        if (replaced is not { } known)
            context.Log.JoinRequestReceived(context.NodeId, request.NodeId, request.Address);
        else if (request.IsRolledBack)
            context.Log.RolledBackMemberJoins(context.NodeId, request.NodeId, request.Address, timeout);
        else
            context.Log.DiskReplaced(context.NodeId, request.NodeId, request.Address, request.Incarnation, known, timeout);
    }

    public void OnSettled(JoinRequestSettled settled)
    {
        if (JoinRequests.End(settled.NodeId, settled.Incarnation, settled.Result.Error, settled.Result.Message, context.Now.Ticks))
            context.Log.JoinRequestRefused(context.NodeId, settled.NodeId, settled.Result.Message);
    }

    /// <summary>The node has given up its cluster.</summary>
    public void Clear() => _rolledBackMembers.Clear();
}
