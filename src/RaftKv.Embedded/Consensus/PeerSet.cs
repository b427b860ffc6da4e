using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Consensus;

/// <summary>The peers that a leader feeds: the other members, and removed ones until they know that they were removed.</summary>
internal sealed class PeerSet(ReplicaState replica, HeartbeatRounds rounds)
{
    private readonly List<Progress> _peers = [];

    public IReadOnlyList<Progress> All => _peers;

    public int Count => _peers.Count;

    public List<Progress>.Enumerator GetEnumerator() => _peers.GetEnumerator();

    public Progress? Find(string nodeId)
    {
        foreach (var peer in _peers)
        {
            if (peer.NodeId == nodeId)
                return peer;
        }
        return null;
    }

    /// <summary>Brings the peers in line with the configuration in force.</summary>
    public void Update()
    {
        foreach (var member in replica.Configuration.Members)
        {
            if (member.NodeId == replica.NodeId)
                continue;
            var peer = Find(member.NodeId);
            if (peer is null)
                _peers.Add(peer = NewPeer(member.NodeId, member.Incarnation));
            else if (BeginsAnew(peer, member))
                peer = Renew(peer, member.Incarnation);
            peer.Role = member.Role;
            peer.Removal = null;
        }
        foreach (var peer in _peers)
        {
            if (peer.Removal is null && replica.Configuration.Find(peer.NodeId) is null)
                peer.Removal = new RemovalNotice(replica.ConfigurationIndex);
        }
    }

    /// <summary>Begins to feed a peer from nothing. Only answers to messages sent from now on count.</summary>
    public Progress Renew(Progress peer, Guid incarnation)
    {
        rounds.Begin();
        var renewed = NewPeer(peer.NodeId, incarnation);
        renewed.Contact.FirstRound = rounds.Newest;
        renewed.Role = peer.Role;
        renewed.Removal = peer.Removal is { } removal ? new RemovalNotice(removal.ConfigurationIndex) : null;
        _peers[_peers.IndexOf(peer)] = renewed;
        return renewed;
    }

    public void Remove(Progress peer) => _peers.Remove(peer);

    /// <summary>
    /// The removals in the configuration are committed: the removed peers are told from now on. <c>false</c> when there is no removed peer
    /// that is not told yet.
    /// </summary>
    public bool BeginRemovalNotices(long timeout)
    {
        var begun = false;
        foreach (var peer in _peers)
        {
            if (peer.Removal is not { Round: 0 } removal)
                continue;
            removal.Begin(rounds.Newest + 1, replica.Now + timeout);
            begun = true;
        }
        return begun;
    }

    /// <summary>Stops telling removed peers that do not answer.</summary>
    public void RemoveOverdue()
    {
        for (var i = _peers.Count - 1; i >= 0; i--)
        {
            if (_peers[i].Removal is { } removal && replica.Now >= removal.Deadline)
                _peers.RemoveAt(i);
        }
    }

    /// <summary>
    /// Whether the peer has answered lately. Enough to choose which peer to feed; a decision that takes a vote requires a
    /// <see cref="QuorumProof"/>.
    /// </summary>
    public bool IsInContact(Progress peer) =>
        peer.Contact.HasAnswered && !peer.Contact.IsGone && replica.Now - peer.Contact.HeardAt < 2 * replica.Settings.ElectionTimeout;

    public static bool IsLessBehind(Progress peer, Progress than) =>
        peer.Match > than.Match || (peer.Match == than.Match && string.CompareOrdinal(peer.NodeId, than.NodeId) < 0);

    /// <summary>
    /// A peer whose disk lacks room is sent no entries, unless nothing could commit without it: deletions free room, and they must commit
    /// first.
    /// </summary>
    public bool IsSentEntries(Progress peer) => peer.TakesEntries || (peer.IsVoter && IsNeededForQuorum(peer));

    /// <summary>The voter that a leader which has removed itself asks to take over.</summary>
    public Progress? MostAdvancedVoter()
    {
        Progress? best = null;
        foreach (var peer in _peers)
        {
            if (peer.IsVoter && IsInContact(peer) && (best is null || peer.Match > best.Match))
                best = peer;
        }
        return best;
    }

    /// <summary>The voter that is furthest behind.</summary>
    public Progress? LeastAdvancedVoter()
    {
        Progress? last = null;
        foreach (var peer in _peers)
        {
            if (peer.IsVoter && (last is null || IsLessBehind(last, peer)))
                last = peer;
        }
        return last;
    }

    /// <summary>A voter that has been silent for longer than <see cref="RaftSettings.SilentVoterTimeout"/>.</summary>
    public Progress? SilentVoter()
    {
        foreach (var peer in _peers)
        {
            if (peer.IsVoter && replica.Now - peer.Contact.HeardAt > replica.Settings.SilentVoterTimeout)
                return peer;
        }
        return null;
    }

    /// <summary>A voter whose disk has lost entries that it acknowledged.</summary>
    public Progress? DistrustedVoter()
    {
        foreach (var peer in _peers)
        {
            if (peer.HasLostEntries && peer.IsVoter)
                return peer;
        }
        return null;
    }

    /// <summary>Of the voters that were not sent the newest round, the one that answered last.</summary>
    public Progress? LastToAnswer()
    {
        Progress? best = null;
        foreach (var peer in _peers)
        {
            if (peer.IsVoter && peer.Contact.RoundSent < rounds.Newest
                && (best is null || (!peer.Contact.IsGone, peer.Round).CompareTo((!best.Contact.IsGone, best.Round)) > 0))
                best = peer;
        }
        return best;
    }

    /// <summary>
    /// Whether nothing known of a peer holds for the member of this name: the member has another disk, or the peer has lost entries and its
    /// vote, or the member was removed and added again.
    /// </summary>
    private static bool BeginsAnew(Progress peer, Member member) =>
        peer.Incarnation != member.Incarnation || peer.Removal is not null || (peer.HasLostEntries && !member.IsVoter);

    /// <summary>Whether the voters with room, and those that lack room and are less far behind than this one, are no quorum.</summary>
    private bool IsNeededForQuorum(Progress peer)
    {
        var missing = replica.Configuration.Quorum - (replica.IsVoter ? 1 : 0);
        foreach (var other in _peers)
        {
            if (other != peer && other.IsVoter && IsInContact(other) && (other.TakesEntries || IsLessBehind(other, peer)))
                missing--;
        }
        return missing > 0;
    }

    private Progress NewPeer(string nodeId, Guid incarnation) =>
        new(nodeId, incarnation, replica.Log.LastIndex + 1, replica.Now, replica.Settings);
}
