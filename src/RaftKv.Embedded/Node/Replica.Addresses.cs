using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Diagnostics;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Primitives;
using RaftKv.Embedded.Transport;

namespace RaftKv.Embedded.Node;

// Members that have moved, and newcomers: what an operator would otherwise have to tell the cluster.
internal sealed partial class Replica
{
    /// <summary>How often what is found is told, until the configuration has it.</summary>
    private static readonly long ReportInterval = TimeSpan.FromSeconds(1).Ticks;

    /// <summary>Where members were reached that are not where the configuration says.</summary>
    private readonly Dictionary<string, (Guid Incarnation, string Address)> _foundAt = [];

    private readonly RepeatThrottle _newcomerReports = new(TimeSpan.FromSeconds(10));
    private long _nextReport;

    /// <summary>Members that introduced themselves with the new identity of their directory while this node did not lead.</summary>
    private readonly Dictionary<string, NewcomerMet> _rolledBackMembers = [];

    /// <summary>Nodes that are being taken in without an operator.</summary>
    public JoinRequests JoinRequests { get; } = new();

    private void OnAddressesLearned()
    {
        if (_context.Core is not null)
            _peers.Update();
    }

    private void NoteWhereReached(PeerHello peer, string address)
    {
        if (_context.Core?.Configuration.Find(peer.NodeId) is { } member && member.Incarnation == peer.Incarnation && member.Address != address)
            _foundAt[peer.NodeId] = (peer.Incarnation, address);
        else
            _foundAt.Remove(peer.NodeId);
    }

    /// <summary>Has the leader, be it this node or another, write down where a member was found.</summary>
    private void ReportAddresses()
    {
        if (_foundAt.Count == 0 || _context.IsStopping || !_context.KnowsLeader || _context.Now.Ticks < _nextReport)
            return;
        _nextReport = _context.Now.Ticks + ReportInterval;
        foreach (var (nodeId, (incarnation, address)) in _foundAt)
        {
            if (_context.Core!.Configuration.Find(nodeId) is { } member && member.Incarnation == incarnation && member.Address != address)
                TakeAdminCall(new AdminCall { Operation = AdminOperation.MoveMember, NodeId = nodeId, Address = address });
            else
                _foundAt.Remove(nodeId);
        }
    }

    /// <summary>The address of a member is changed once the member itself has answered there.</summary>
    private void BeginMove(AdminCall call)
    {
        if (_context.Core!.Configuration.Find(call.NodeId) is not { } member)
            Finish(call, new AdminResult(RaftKvMembershipError.UnknownMember, $"No member is called {call.NodeId}."));
        else if (member.Address == call.Address)
            Finish(call, new AdminResult(null, "It is known to be there."));
        else if (call.Probed is not { } probed)
            Probe(call);
        else if (probed.NodeId != member.NodeId || probed.Incarnation != member.Incarnation)
            Finish(call, new AdminResult(RaftKvMembershipError.ForeignNode, $"The node at {call.Address} is not the member {call.NodeId}."));
        else
            Ask(call, id => new ChangeRequested(_context.Now, id, new AddMember(member with { Address = call.Address })));
    }

    /// <summary>Takes in a node that asks for it, or a member that came back with an empty disk: as a learner, under its new identity.</summary>
    private void OnNewcomer(NewcomerMet newcomer)
    {
        if (_context.Core is null || _context.IsStopping)
            return;
        var known = _context.Core.Configuration.Find(newcomer.NodeId);
        if (newcomer.LeadersConcern && !_context.Leads)
        {
            if (newcomer.IsRolledBack && known is not null)
                _rolledBackMembers[newcomer.NodeId] = newcomer;
            return;
        }
        if (known?.Incarnation == newcomer.Incarnation || !JoinRequests.TryBegin(newcomer.NodeId, newcomer.Incarnation, _context.Now.Ticks))
            return;
        if (_newcomerReports.IsDue($"{newcomer.NodeId} {newcomer.Incarnation}", _context.Now.Ticks))
            LogNewcomer(newcomer, known?.Incarnation);
        TakeAdminCall(new AdminCall
        {
            Operation = AdminOperation.TakeIn,
            NodeId = newcomer.NodeId,
            Address = newcomer.Address,
            Ended = result => _context.Post(new NewcomerSettled(newcomer.NodeId, newcomer.Incarnation, result)),
        });
    }

    /// <summary>
    /// A member speaks under another identity than the configuration names. If it is the new identity of a directory that went back in time,
    /// and this node did not lead when it was told, no introduction follows: both connections stay.
    /// </summary>
    private void TakeInRolledBack(string nodeId, Guid incarnation)
    {
        if (_context.Leads && _rolledBackMembers.TryGetValue(nodeId, out var met) && met.Incarnation == incarnation)
            OnNewcomer(met);
    }

    private void LogNewcomer(NewcomerMet newcomer, Guid? replaced)
    {
        var patience = _context.Options.ReplacedDiskTimeout.TotalSeconds;
        if (replaced is not { } known)
            _context.Log.NewcomerAsks(_context.NodeId, newcomer.NodeId, newcomer.Address);
        else if (newcomer.IsRolledBack)
            _context.Log.RolledBackTakenIn(_context.NodeId, newcomer.NodeId, newcomer.Address, patience);
        else
            _context.Log.DiskReplaced(_context.NodeId, newcomer.NodeId, newcomer.Address, newcomer.Incarnation, known, patience);
    }

    private void OnNewcomerSettled(NewcomerSettled settled)
    {
        if (JoinRequests.End(settled.NodeId, settled.Incarnation, settled.Result.Error, settled.Result.Message, _context.Now.Ticks))
            _context.Log.NewcomerRefused(_context.NodeId, settled.NodeId, settled.Result.Message);
    }
}
