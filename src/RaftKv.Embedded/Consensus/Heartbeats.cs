using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Consensus;

/// <summary>
/// Asks the peers in rounds whether they still follow, and uses the answers of a quorum: for the read lease and for the reads that wait
/// (dissertation §6.4).
/// </summary>
internal sealed class Heartbeats(
    ReplicaState replica, PeerSet peers, QuorumIndex quorum, HeartbeatRounds rounds, Replication replication, ReadIndexes reads)
{
    /// <summary>How long a quorum may take for its answers before the other voters are asked too.</summary>
    private static readonly long QuorumTimeout = TimeSpan.FromMilliseconds(2).Ticks;

    /// <summary>When a question that was sent to a quorum only is sent to the other voters too, in ticks.</summary>
    public long AskOthersAt { get; private set; } = Moment.Never;

    /// <summary>Asks every peer. A peer that answers this round, or a later one, did so after now.</summary>
    public void AskAll()
    {
        rounds.Begin();
        foreach (var peer in peers)
            replication.SendHeartbeat(peer);
        OnRoundSent();
    }

    /// <summary>Asks every voter.</summary>
    public void AskVoters()
    {
        rounds.Begin();
        foreach (var peer in peers)
        {
            if (peer.IsVoter)
                replication.SendHeartbeat(peer);
        }
        OnRoundSent();
    }

    /// <summary>
    /// Asks only as many voters as make a quorum, those that answered most recently: a leader serves thousands of reads, and one more
    /// answer proves nothing more. The others are asked after <see cref="QuorumTimeout"/>.
    /// </summary>
    public void AskQuorum()
    {
        rounds.Begin();
        for (var asked = replica.IsVoter ? 1 : 0; asked < replica.Configuration.Quorum && peers.LastToAnswer() is { } peer; asked++)
            replication.SendHeartbeat(peer);
        if (replica.Configuration.VoterCount == 1)
            OnRoundAnswered();
        else
            AskOthersAt = replica.Now + QuorumTimeout;
    }

    public void OnTime()
    {
        if (replica.Now < AskOthersAt)
            return;
        AskOthersAt = Moment.Never;
        foreach (var peer in peers)
        {
            if (peer.IsVoter && reads.IsUnknownTo(peer))
                replication.SendHeartbeat(peer);
        }
    }

    /// <summary>A peer has answered a message of this round.</summary>
    public void Hear(Progress peer, long round)
    {
        peer.Hear(replica.Now);
        if (round <= peer.Round)
            return;
        peer.Contact.Round = round;
        OnRoundAnswered();
    }

    /// <summary>A leader that is the only voter answers itself.</summary>
    private void OnRoundSent()
    {
        if (replica.Configuration.VoterCount == 1)
            OnRoundAnswered();
    }

    private void OnRoundAnswered()
    {
        var proven = quorum.Of(VoterValue.Round, own: rounds.Newest);
        rounds.Prove(proven);
        if (!reads.IsAskedBy(proven))
            return;
        AskOthersAt = Moment.Never;
        reads.AnswerAsked();
    }
}
