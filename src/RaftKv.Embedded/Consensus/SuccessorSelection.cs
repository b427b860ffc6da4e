using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Consensus;

/// <summary>
/// Chooses the node that the leadership is handed to (dissertation §3.10): a voter that has answered, together with a quorum, after the
/// request came.
/// </summary>
internal sealed class SuccessorSelection(
    ReplicaState replica, PeerSet peers, HeartbeatRounds rounds, Heartbeats heartbeats, ReadLease lease, LeadershipTransfer transfer)
{
    private PendingTransfer? _pending;

    public void OnRequested(long id, string? to)
    {
        if ((transfer.Successor ?? _pending?.To) is { } other)
            Refuse(id, RaftKvMembershipError.ChangeInProgress, $"The leadership is being handed to {other} already.");
        else if (_pending is not null)
            Refuse(id, RaftKvMembershipError.ChangeInProgress, "The leadership is being handed over already.");
        else if (to is not null && to != replica.NodeId && replica.Configuration.Find(to) is null)
            Refuse(id, RaftKvMembershipError.UnknownMember, $"No member is called {to}.");
        else if (to is not null && to != replica.NodeId && !replica.Configuration.IsVoter(to))
            Refuse(id, RaftKvMembershipError.NotEligible, $"{to} is not a voter.");
        else
            Begin(id, to);
    }

    /// <summary>Begins the transfer, or refuses it, once the request has its proof or the time for it is over.</summary>
    public void ConsiderPending()
    {
        if (_pending is { } pending)
            Consider(pending);
    }

    /// <summary>Called at each heartbeat.</summary>
    public void OnTime()
    {
        ConsiderPending();
        if (transfer.Successor is { } successor && peers.Find(successor) is { } peer)
            HandOverTo(peer);
    }

    /// <summary>Tells the successor to begin as soon as it has the whole log.</summary>
    public void HandOverTo(Progress peer)
    {
        if (transfer.IsTo(peer.NodeId) && peer.Match == replica.Log.LastIndex)
            replica.Send(peer.NodeId, new TimeoutNow(replica.Term));
    }

    /// <summary>This node leads no longer and has asked no other node to take over.</summary>
    public void GiveUp()
    {
        if (_pending is { } pending)
            Refuse(pending.Id, RaftKvMembershipError.NotEligible, "The leadership was lost before a successor was chosen.", retry: true);
    }

    private void Begin(long id, string? to)
    {
        _pending = new PendingTransfer(id, to, rounds.NewProof());
        heartbeats.AskAll();
        ConsiderPending();
    }

    private void Begin(long id, Progress successor)
    {
        // The successor is elected in spite of every promise, so the read lease ends here, and for the whole term: a lost request to take
        // over may still be delivered long after this node has given up waiting.
        lease.Forfeit();
        transfer.Begin(id, successor.NodeId);
        HandOverTo(successor);
    }

    private void Consider(PendingTransfer pending)
    {
        var isProven = pending.Proof.Covers(replica.Configuration, peers, replica.Self);
        if (isProven && pending.To == replica.NodeId)
        {
            _pending = null;
            replica.Outbox.Complete(pending.Id, $"{replica.NodeId} leads already.");
            return;
        }
        var successor = isProven ? FindSuccessor(pending) : null;
        if (successor is null && !pending.Proof.IsOverdue(replica.Now))
            return;
        _pending = null;
        if (successor is null)
            Refuse(pending.Id, RaftKvMembershipError.NotEligible,
                pending.To is { } to ? $"{to}, or a quorum, does not answer." : "No other voter answers, or no quorum does.");
        else
            Begin(pending.Id, successor);
    }

    private Progress? FindSuccessor(PendingTransfer pending)
    {
        Progress? best = null;
        foreach (var peer in peers)
        {
            var isEligible = peer.IsVoter && pending.Proof.IsGivenBy(peer) && (pending.To ?? peer.NodeId) == peer.NodeId;
            if (isEligible && (best is null || peer.Match > best.Match))
                best = peer;
        }
        return best;
    }

    private void Refuse(long id, RaftKvMembershipError error, string message, bool retry = false) =>
        replica.Outbox.Refuse(id, error, message, retry);

    private sealed record PendingTransfer(long Id, string? To, QuorumProof Proof);
}
