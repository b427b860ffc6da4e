using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Consensus;

/// <summary>
/// A transfer of the leadership that was begun (dissertation §3.10). The request is answered when another node leads, when this one leads
/// again, or when the time for it is over; so a transfer outlives the leadership that began it.
/// </summary>
internal sealed class LeadershipTransfer(ReplicaState replica)
{
    private Transfer? _current;

    public bool IsUnderWay => _current is not null;

    /// <summary>The node that is to lead.</summary>
    public string? Successor => _current?.To;

    public long Deadline => _current?.Deadline ?? Moment.Never;

    public void Begin(long request, string successor) =>
        _current = new Transfer(request, successor, replica.Term, replica.Now + replica.Settings.TransferTimeout);

    /// <summary>Whether this node leads on in the term of the transfer, and hands over to this peer.</summary>
    public bool IsTo(string nodeId) => _current is { } transfer && transfer.To == nodeId && transfer.Term == replica.Term;

    /// <summary>This node follows: the transfer is complete when a leader of another term is known.</summary>
    public void OnFollowing(string? leader)
    {
        if (_current is not { } transfer || leader is null || replica.Term == transfer.Term)
            return;
        _current = null;
        replica.Outbox.Complete(transfer.Request, $"{leader} leads.");
    }

    /// <summary>This node was elected.</summary>
    public void OnElected()
    {
        if (_current is not { } transfer)
            return;
        _current = null;
        replica.Outbox.Refuse(transfer.Request, RaftKvMembershipError.TransferTimedOut,
            $"{transfer.To} did not take over; this node was elected again.");
    }

    public void Expire()
    {
        if (_current is not { } transfer || replica.Now < transfer.Deadline)
            return;
        _current = null;
        replica.Outbox.Refuse(transfer.Request, RaftKvMembershipError.TransferTimedOut, $"{transfer.To} did not take over in time.");
    }

    private sealed record Transfer(long Request, string To, long Term, long Deadline);
}
