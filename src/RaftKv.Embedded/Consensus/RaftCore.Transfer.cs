namespace RaftKv.Embedded.Consensus;

// Handing the leadership over: dissertation §3.10.
internal sealed partial class RaftCore
{
    private Transfer? _transfer;

    private void OnTransferRequested(long id, string? to)
    {
        if (Role != RaftRole.Leader)
        {
            Refuse(id, RaftKvMembershipError.NotEligible, "This node does not lead.", retry: true);
            return;
        }
        if (_transfer is not null)
        {
            Refuse(id, RaftKvMembershipError.ChangeInProgress, $"The leadership is being handed to {_transfer.To} already.");
            return;
        }
        if (to == NodeId)
        {
            Complete(id, $"{NodeId} leads already.");
            return;
        }

        var target = to is null ? MostAdvancedVoter() : FindPeer(to);
        if (target is null || !target.IsVoter || !IsInContact(target))
        {
            if (to is not null && Configuration.Find(to) is null)
                Refuse(id, RaftKvMembershipError.UnknownMember, $"No member is called {to}.");
            else
                Refuse(id, RaftKvMembershipError.NotEligible, to is null ? "No other voter is in contact." : $"{to} is not a voter, or not in contact.");
            return;
        }

        // The successor is elected in spite of every promise, so the reads served from a lease end here, and for the whole term: a lost
        // request to take over may still be delivered long after this node has given up waiting.
        _leaseForfeited = true;
        EndLease();
        _transfer = new Transfer(id, target.NodeId, Term, _now.Ticks + _settings.TransferTimeout);
        HandOverTo(target);
    }

    /// <summary>Tells the successor to begin as soon as it has the whole log.</summary>
    private void HandOverTo(Progress peer)
    {
        if (_transfer is { } transfer && transfer.To == peer.NodeId && transfer.Term == Term && peer.Match == _log.LastIndex)
            Send(peer.NodeId, new TimeoutNow(Term));
    }

    private void RepeatTransfer()
    {
        if (_transfer is { } transfer && FindPeer(transfer.To) is { } peer)
            HandOverTo(peer);
    }

    private void CompleteTransferAsFollower()
    {
        if (_transfer is not { } transfer || LeaderId is null || Term == transfer.Term)
            return;
        _transfer = null;
        Complete(transfer.Id, $"{LeaderId} leads.");
    }

    private void ExpireTransfer()
    {
        if (_transfer is not { } transfer || _now.Ticks < transfer.Deadline)
            return;
        _transfer = null;
        Refuse(transfer.Id, RaftKvMembershipError.TransferTimedOut, $"{transfer.To} did not take over in time.");
    }

    private Progress? MostAdvancedVoter()
    {
        Progress? best = null;
        foreach (var peer in _peers)
        {
            if (peer.IsVoter && IsInContact(peer) && (best is null || peer.Match > best.Match))
                best = peer;
        }
        return best;
    }

    private bool IsInContact(Progress peer) => !peer.IsGone && _now.Ticks - peer.LastContact < 2 * _settings.ElectionTimeout;

    private sealed record Transfer(long Id, string To, long Term, long Deadline);
}
