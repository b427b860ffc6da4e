using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Consensus;

/// <summary>Requests to add a voter, which end when the new member has caught up, or makes no progress.</summary>
internal sealed class PendingJoins(ReplicaState replica)
{
    private readonly List<Join> _joins = [];

    public void Add(long request, string nodeId) => _joins.Add(new Join(request, nodeId, replica.Now));

    public void Complete(string nodeId, string message)
    {
        for (var i = _joins.Count - 1; i >= 0; i--)
        {
            if (_joins[i].NodeId == nodeId)
                replica.Outbox.Complete(Take(i), message);
        }
    }

    public void OnCommitted(ClusterConfiguration configuration)
    {
        for (var i = _joins.Count - 1; i >= 0; i--)
        {
            switch (configuration.Find(_joins[i].NodeId))
            {
                case { IsVoter: true }:
                    replica.Outbox.Complete(Take(i), "It has caught up and votes.");
                    break;
                case null:
                    replica.Outbox.Refuse(Take(i), RaftKvMembershipError.UnknownMember, "It was removed before it had caught up.");
                    break;
                case { Role: MemberRole.Learner }:
                    replica.Outbox.Refuse(Take(i), RaftKvMembershipError.MemberExists,
                        "Another call made it a permanent learner before it had caught up. It does not become a voter.");
                    break;
            }
        }
    }

    /// <summary>Refuses the requests whose members have made no progress for so long.</summary>
    public void Expire(PeerSet peers, long timeout)
    {
        for (var i = _joins.Count - 1; i >= 0; i--)
        {
            if (peers.Find(_joins[i].NodeId) is { } peer && replica.Now - Math.Max(peer.Link.AdvancedAt, _joins[i].Since) > timeout)
                replica.Outbox.Refuse(Take(i), RaftKvMembershipError.NotCaughtUp,
                    "It has made no progress; it stays a learner until it has caught up.");
        }
    }

    public void LeaveOpen(string message)
    {
        foreach (var join in _joins)
            replica.Outbox.LeaveOpen(join.Request, message);
        _joins.Clear();
    }

    private long Take(int at)
    {
        var join = _joins[at];
        _joins.RemoveAt(at);
        return join.Request;
    }

    private readonly record struct Join(long Request, string NodeId, long Since);
}
