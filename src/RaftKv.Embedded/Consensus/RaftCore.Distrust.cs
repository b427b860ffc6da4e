using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Consensus;

// A peer whose disk went back in time (an older image, a lost page cache) takes back entries that it acknowledged. Raft assumes disks that keep what
// is durable, so the leader treats such a disk like a lost one: it counts for no quorum, a configuration entry takes its vote, and it comes back as a learner.
internal sealed partial class RaftCore
{
    /// <summary>Whether a reply of this round may be used: the peer has not lost entries, and the reply is not older than the peer's membership.</summary>
    private static bool Trusts(Progress peer, long round) => !peer.HasLostEntries && round >= peer.FirstRound;

    /// <summary>
    /// Whether a peer refuses an entry that it has acknowledged as durable in this term. A follower never truncates what agrees with the leader of its
    /// term. A refusal that was sent before the acknowledgement, and arrives after it, repeats an older round.
    /// </summary>
    private static bool TakesBack(Progress peer, AppendReply m) => !m.Accepted && m.Previous <= peer.Match && m.Round > peer.MatchRound;

    /// <summary>
    /// The log stays: it is a part of what the cluster had, and the leader replaces the rest. The node waits, as one with a new disk does,
    /// until a configuration names its
    /// new identity.
    /// </summary>
    private void OnReincarnated(Guid incarnation)
    {
        const string Cause = "its data directory has gone back in time and has a new identity";
        _settings = _settings with { Incarnation = incarnation };
        // Under the new identity this node was never a member, so that no configuration removes it.
        _wasMember = _removed = false;
        if (Role is RaftRole.Leader or RaftRole.PreCandidate or RaftRole.Candidate)
            BecomeFollower(Term, null, Cause);
        Role = RaftRole.Learner;
        Announce(Cause);
    }

    private void Distrust(Progress peer, EntryId last)
    {
        _effects.Add(new EntriesLost(peer.NodeId, peer.Match, last));
        // The promise behind the lease may be forgotten as well.
        _leaseUntil = 0;
        if (peer.IsVoter)
            peer.Distrust();
        else
            Renew(peer, peer.Incarnation);
    }

    /// <summary>
    /// Whether nothing known of a peer holds for the member of its name: another disk, a disk that has lost entries and its vote, or a member that was
    /// removed in between.
    /// </summary>
    private static bool BeginsAnew(Progress peer, Member member) =>
        peer.Incarnation != member.Incarnation || peer.RemovedAt != 0 || (peer.HasLostEntries && !member.IsVoter);

    /// <summary>Begins to feed a peer from nothing. Only answers to messages sent from now on count.</summary>
    private Progress Renew(Progress peer, Guid incarnation)
    {
        CountRound();
        var renewed = new Progress(peer.NodeId, incarnation, _log.LastIndex + 1, _now.Ticks, _settings)
        {
            FirstRound = _round,
            Role = peer.Role,
            RemovedAt = peer.RemovedAt,
        };
        _peers[_peers.IndexOf(peer)] = renewed;
        return renewed;
    }

    /// <summary>
    /// Takes the vote of a disk that has lost entries, once a quorum answers without it. It is fed and promoted like any new member.
    /// </summary>
    private void DemoteDistrusted()
    {
        if (_pendingChange is null && WhyNoChange() is null && FindDistrusted() is { } peer)
            BeginChange(null, new DemoteVoter(peer.NodeId));
    }

    private Progress? FindDistrusted()
    {
        foreach (var peer in _peers)
        {
            if (peer.HasLostEntries && peer.IsVoter)
                return peer;
        }
        return null;
    }

    private ChangePlan PlanToDemote(string nodeId) => FindPeer(nodeId) is { HasLostEntries: true, IsVoter: true }
        ? ChangePlan.Append(Configuration.With(Configuration.Find(nodeId)! with { Role = MemberRole.Joining }))
        : ChangePlan.Done($"{nodeId} votes no more, or has lost nothing.");
}
