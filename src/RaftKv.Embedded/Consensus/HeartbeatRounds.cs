namespace RaftKv.Embedded.Consensus;

/// <summary>
/// The rounds of messages in which a leader asks its peers whether they still follow. A peer that answers a round, or a later one,
/// answered after the round began.
/// </summary>
internal sealed class HeartbeatRounds
{
    /// <summary>
    /// The round of a reply that answers no round: to a message of an earlier term, or of a node that has not yet proven its directory.
    /// </summary>
    public const long None = 0;

    private readonly ReplicaState _replica;
    private readonly ReadLease _lease;
    private readonly ReadIndexes _reads;
    private readonly Queue<(long Round, long SentAt)> _unproven = new();

    public HeartbeatRounds(ReplicaState replica, ReadLease lease, ReadIndexes reads)
    {
        (_replica, _lease, _reads) = (replica, lease, reads);
        Begin();
    }

    public long Newest { get; private set; }

    public void Begin()
    {
        Newest++;
        _unproven.Enqueue((Newest, _replica.Now));
        _lease.OnRoundBegun(Newest, _reads.WantsLease);
    }

    /// <summary>A quorum has answered this round.</summary>
    public void Prove(long round)
    {
        while (_unproven.TryPeek(out var older) && older.Round < round)
            _unproven.Dequeue();
        if (_unproven.TryPeek(out var oldest) && oldest.Round == round)
            _lease.OnRoundAnswered(round, oldest.SentAt);
    }

    /// <summary>A proof by the answers to the next round. It is waited for as long as a leader leads on without a quorum.</summary>
    public QuorumProof NewProof() => new(Newest + 1, _replica.Now + (2 * _replica.Settings.ElectionTimeout));
}
