using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Diagnostics;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Node;

/// <summary>
/// A data directory that has gone back in time (an image that was restored, a volume that was rolled back) has forgotten votes and entries
/// that it acknowledged. Until enough peers have heard how old it is, and agreed, this node gives no vote and acknowledges nothing: for the
/// core, those messages are lost on the network. A peer that has seen a newer state of the directory says so. Then the directory gets
/// another identity, and the cluster takes the node in like one with a new disk.
/// </summary>
internal sealed partial class Replica
{
    /// <summary>How often what peers made durable is written down; new starts of theirs are written down at once.</summary>
    private static readonly long MemoryInterval = TimeSpan.FromSeconds(10).Ticks;

    private const int LateTimeouts = 5;

    /// <summary>How often it is said of one member that its directory has gone back in time.</summary>
    private readonly RepeatThrottle _rollbackReports = new(TimeSpan.FromSeconds(30));

    /// <summary>Peers that have heard in this run how old this directory is, and welcomed it.</summary>
    private readonly HashSet<string> _welcomedBy = new(StringComparer.Ordinal);
    private bool _isProven = true;
    private bool _isFenced;
    private long _recoveredAt;
    private long _nextMemory;
    private volatile string? _rolledBack;

    /// <summary>
    /// Any thread. Why this node gives no vote and acknowledges nothing: its data directory has gone back in time. <c>null</c> otherwise.
    /// </summary>
    public string? RolledBack => _rolledBack;

    /// <summary>A directory that was used before must be shown to others that may have seen a newer state of it.</summary>
    private void BeginProof()
    {
        _isProven = _context.Dependencies.Age is not { HadCluster: true } || !_context.Core!.HasOtherVoters;
        _recoveredAt = _context.Now.Ticks;
    }

    /// <summary>
    /// Enough have seen it when every other voter has, or when a quorum has, this node included, and those that are away have had one
    /// election timeout to show up. The configuration of a directory that was away for long may name voters that are gone: after five
    /// election timeouts one peer suffices.
    /// </summary>
    private void ConsiderProof()
    {
        if (_isProven || _context.Core is null)
            return;
        var (voters, welcomes) = (0, 0);
        foreach (var member in _context.Core.Configuration.Members)
        {
            if (!member.IsVoter || member.NodeId == _context.NodeId)
                continue;
            voters++;
            if (_welcomedBy.Contains(member.NodeId))
                welcomes++;
        }
        var waited = _context.Now.Ticks - _recoveredAt;
        _isProven = welcomes == voters
            || (waited >= _context.Options.ElectionTimeout.Ticks && _welcomedBy.Count >= _context.Core.Configuration.Quorum - 1)
            || (waited >= LateTimeouts * _context.Options.ElectionTimeout.Ticks && _welcomedBy.Count > 0);
    }

    /// <summary>
    /// What may leave of a message: nothing of what could count as a vote or an acknowledgement of a directory that may have forgotten
    /// others. Before the directory is proven, a leader hears that this node is there and how far the logs agree, so that it leads on and
    /// goes on sending: no durable entry, and no round.
    /// </summary>
    private Send? WhatMayLeave(Send send)
    {
        if ((_isProven && !_isFenced) || send.Message is ReadIndexRequest or RemovedNotice)
            return send;
        return !_isFenced && send.Message is AppendReply reply ? send with { Message = reply with { Match = 0, Round = 0 } } : null;
    }

    private void OnRollbackTold(RollbackTold told)
    {
        if (_context.Core is null || told.Incarnation != _context.Identity.Incarnation)
            return;
        // A late answer to the old identity: the new one must go on naming the identity that the cluster knows.
        if (_rolledBack is not null && !_isFenced)
            return;
        if (!_isFenced)
        {
            _isFenced = true;
            _submissions.DropHeld();
            _rolledBack = $"The data directory of this node is older than what {told.By} has seen of it: an image was restored, or a volume was rolled back. It "
                + "gives no vote and acknowledges nothing until the cluster has taken it in again, which needs a quorum of the other members.";
            _context.Log.RolledBack(_context.NodeId, told.By);
            _publisher.PublishNow();
        }
        // Without a leader there is no quorum without this node, and giving up the vote would not help. The peer is dialled again and says
        // it again.
        if (told.IsLed)
            Reincarnate();
    }

    private void OnRollbackSeen(string nodeId)
    {
        if (_context.Core?.Configuration.Find(nodeId) is null || !_rollbackReports.IsDue(nodeId, _context.Now.Ticks))
            return;
        _context.Log.RolledBackMember(_context.NodeId, nodeId);
    }

    private void Reincarnate()
    {
        try
        {
            _context.Dependencies.Formation.Reincarnate();
        }
        catch (RaftKvStorageException e) when (e.Error == RaftKvStorageError.DiskFull)
        {
            return; // The peer says it again.
        }
        _context.Log.Reincarnated(_context.NodeId, _context.Identity.Incarnation);
        _context.Step(new Reincarnated(_context.Now, _context.Identity.Incarnation));
        // Connections that were made under the old identity end before anything is said under the new one.
        _context.Transport.SetPeers([]);
        _isFenced = false;
        UpdatePeers();
    }

    private void SweepFencing()
    {
        ConsiderProof();
        if (_rolledBack is not null && !_isFenced && _context.Core!.IsMember)
        {
            _rolledBack = null;
            _context.Log.TakenInAgain(_context.NodeId);
            _publisher.PublishNow();
        }
        if (_context.Dependencies.Age is not { } age || !age.Peers.TryBeginSave(all: _context.Now.Ticks >= _nextMemory))
            return;
        _nextMemory = _context.Now.Ticks + MemoryInterval;
        _context.Dependencies.Reader.Post(age.Peers.Save);
    }
}
