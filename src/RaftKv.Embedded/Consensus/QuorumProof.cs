using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Consensus;

/// <summary>
/// Answers to one round that began after a request came. A leader decides about members and successors by such answers only: recent
/// contact may be older than the death of the peer, and a peer that the leader has just listed has not answered at all.
/// </summary>
/// <param name="round">The first round whose answers count.</param>
/// <param name="deadline">When the leader stops waiting for them, in ticks.</param>
internal sealed class QuorumProof(long round, long deadline)
{
    public bool IsOverdue(long now) => now >= deadline;

    /// <summary>Whether the peer has answered, and its connection has not been reset since.</summary>
    public bool IsGivenBy(Progress peer) => peer.Removal is null && !peer.Contact.IsGone && !peer.HasLostEntries && peer.Round >= round;

    /// <summary>
    /// Whether a quorum of the voters of a configuration has answered, each from the data directory that the configuration names.
    /// </summary>
    /// <param name="configuration">The one in force, or the one that is to follow it.</param>
    /// <param name="peers">What the leader knows of its peers.</param>
    /// <param name="self">The leader, if it is a member.</param>
    public bool Covers(ClusterConfiguration configuration, PeerSet peers, Member? self)
    {
        var answered = self is not null && IsVoter(configuration, self.NodeId, self.Incarnation) ? 1 : 0;
        foreach (var peer in peers)
        {
            if (IsGivenBy(peer) && IsVoter(configuration, peer.NodeId, peer.Incarnation))
                answered++;
        }
        return answered >= configuration.Quorum;
    }

    /// <summary>The voters of a configuration that have not answered, for messages.</summary>
    public string Missing(ClusterConfiguration configuration, PeerSet peers, Member? self)
    {
        var answered = peers.All.Where(IsGivenBy).Select(p => p.NodeId).Append(self?.NodeId).ToHashSet();
        return string.Join(", ", configuration.Members.Where(m => m.IsVoter && !answered.Contains(m.NodeId)).Select(m => m.NodeId));
    }

    private static bool IsVoter(ClusterConfiguration configuration, string nodeId, Guid incarnation) =>
        configuration.Find(nodeId) is { IsVoter: true } member && member.Incarnation == incarnation;
}
