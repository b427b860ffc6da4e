using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Consensus;

// Handing the leadership over: dissertation §3.10. The successor is a voter that has answered, together with a quorum, after the request
// came.
internal sealed partial class RaftCore
{
    private PendingTransfer? _pendingTransfer;
    private Transfer? _transfer;

    private void OnTransferRequested(long id, string? to)
    {
        if (Role != RaftRole.Leader)
            Refuse(id, RaftKvMembershipError.NotEligible, "This node does not lead.", retry: true);
        else if ((_transfer?.To ?? _pendingTransfer?.To) is { } other)
            Refuse(id, RaftKvMembershipError.ChangeInProgress, $"The leadership is being handed to {other} already.");
        else if (_pendingTransfer is not null)
            Refuse(id, RaftKvMembershipError.ChangeInProgress, "The leadership is being handed over already.");
        else if (to is not null && to != NodeId && Configuration.Find(to) is null)
            Refuse(id, RaftKvMembershipError.UnknownMember, $"No member is called {to}.");
        else if (to is not null && to != NodeId && !Configuration.IsVoter(to))
            Refuse(id, RaftKvMembershipError.NotEligible, $"{to} is not a voter.");
        else
            BeginTransfer(id, to);
    }

    private void BeginTransfer(long id, string? to)
    {
        _pendingTransfer = new PendingTransfer(id, to, NewProof());
        BeginRound();
        ConsiderTransfer();
    }

    private void ConsiderTransfer()
    {
        if (_pendingTransfer is not { } pending)
            return;
        var isProven = pending.Proof.Covers(Configuration, _peers, Self);
        if (isProven && pending.To == NodeId)
        {
            _pendingTransfer = null;
            Complete(pending.Id, $"{NodeId} leads already.");
            return;
        }
        var successor = isProven ? FindSuccessor(pending) : null;
        if (successor is null && !pending.Proof.IsOverdue(_now.Ticks))
            return;
        _pendingTransfer = null;
        if (successor is null)
            Refuse(pending.Id, RaftKvMembershipError.NotEligible,
                pending.To is { } to ? $"{to}, or a quorum, does not answer." : "No other voter answers, or no quorum does.");
        else
            StartTransfer(pending.Id, successor);
    }

    private Progress? FindSuccessor(PendingTransfer pending)
    {
        Progress? best = null;
        foreach (var peer in _peers)
        {
            var isEligible = peer.IsVoter && pending.Proof.IsGivenBy(peer) && (pending.To ?? peer.NodeId) == peer.NodeId;
            if (isEligible && (best is null || peer.Match > best.Match))
                best = peer;
        }
        return best;
    }

    private void StartTransfer(long id, Progress target)
    {
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
        ConsiderTransfer();
        if (_transfer is { } transfer && FindPeer(transfer.To) is { } peer)
            HandOverTo(peer);
    }

    /// <summary>This node does not lead any more and has asked no other node to take over.</summary>
    private void GiveUpPendingTransfer()
    {
        if (_pendingTransfer is not { } pending)
            return;
        _pendingTransfer = null;
        Refuse(pending.Id, RaftKvMembershipError.NotEligible, "The leadership was lost before a successor was chosen.", retry: true);
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

    /// <summary>Whom a leader that has removed itself asks to go on.</summary>
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

    /// <summary>
    /// Whether it has answered lately. Good enough to choose whom to feed; what costs a vote wants a <see cref="QuorumProof"/>.
    /// </summary>
    private bool IsInContact(Progress peer) => peer.HasAnswered && !peer.IsGone && _now.Ticks - peer.LastContact < 2 * _settings.ElectionTimeout;

    private sealed record PendingTransfer(long Id, string? To, QuorumProof Proof);

    private sealed record Transfer(long Id, string To, long Term, long Deadline);
}
