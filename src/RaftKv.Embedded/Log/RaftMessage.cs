namespace RaftKv.Embedded.Log;

/// <summary>A message of the consensus protocol. <paramref name="Term"/> is the sender's, except where a pre-vote says otherwise.</summary>
internal abstract record RaftMessage(long Term) : PeerMessage;

/// <summary>
/// Asks for a vote, or with <paramref name="PreVote"/> whether one would be given (dissertation §9.6; <c>Term</c> is then the term the
/// candidate would start).
/// </summary>
/// <param name="Last">The end of the candidate's log.</param>
/// <param name="Transfer">The leader itself asked for this election: leader stickiness does not apply (dissertation §4.2.3).</param>
internal sealed record RequestVote(long Term, bool PreVote, EntryId Last, bool Transfer) : RaftMessage(Term);

/// <summary>
/// Answers <see cref="RequestVote"/>. A granted pre-vote repeats the term asked for, everything else carries the voter's own.
/// </summary>
internal sealed record VoteReply(long Term, bool PreVote, bool Granted) : RaftMessage(Term);

/// <summary>Replicates entries; empty, it is a heartbeat or a probe.</summary>
/// <param name="Previous">The entry before the first one.</param>
/// <param name="Commit">The leader's commit index.</param>
/// <param name="Round">
/// The leader's newest heartbeat round. The answer repeats it, which proves that the leader still led when it began the round (read index,
/// lease, check-quorum).
/// </param>
/// <param name="LeaseMs">The follower promises to vote for no other node for this long; 0 asks for no promise.</param>
internal sealed record AppendEntries(long Term, EntryId Previous, ReadOnlyMemory<LogEntry> Entries, long Commit, long Round,
    int LeaseMs) : RaftMessage(Term)
{
    /// <summary>
    /// The leader's log time, in a message without entries of a cluster at <see cref="FeatureLevels.Safeguards"/>; 0 where it is not said.
    /// </summary>
    public long LogTimeMs { get; init; }

    /// <summary>A question whether everything sent before it has arrived, so it must not pass bulk messages. Not on the wire.</summary>
    public bool KeepsItsPlace { get; init; }

    public override bool IsBulk => KeepsItsPlace || !Entries.IsEmpty;
}

/// <summary>Answers <see cref="AppendEntries"/>.</summary>
/// <param name="Accepted">Whether <c>Previous</c> matched.</param>
/// <param name="Match">Accepted: how far the follower's DURABLE log agrees with the leader's. Refused: 0.</param>
/// <param name="Hint">
/// Refused: where to try next: the follower's last entry, or the first entry of the term that conflicts (Raft §5.3).
/// </param>
/// <param name="Previous">
/// Refused: the index of the <c>Previous</c> that did not match, so that an old refusal is recognised. Accepted: how far the follower has
/// compared its log and found it equal, durable or not.
/// </param>
/// <param name="Round">The newest round that the follower has seen in this term; 0 when the reply answers no round.</param>
internal sealed record AppendReply(long Term, bool Accepted, long Match, EntryId Hint, long Previous, long Round) : RaftMessage(Term);

/// <summary>One piece of a snapshot (Raft §7). Each piece is answered by an <see cref="InstallSnapshotReply"/>.</summary>
internal sealed record InstallSnapshot(long Term, EntryId Last, long TotalBytes, long Offset, ReadOnlyMemory<byte> Data,
    long Round) : RaftMessage(Term)
{
    public override bool IsBulk => true;
}

/// <summary>
/// Says which byte of the snapshot is wanted next, or that it is installed. It answers no round; the round only shows that the reply is not
/// older than the peer's membership.
/// </summary>
internal sealed record InstallSnapshotReply(long Term, EntryId Last, long NextOffset, bool Installed, long Round) : RaftMessage(Term);

/// <summary>Start an election now (dissertation §3.10).</summary>
internal sealed record TimeoutNow(long Term) : RaftMessage(Term);

/// <summary>A follower asks for a read index (dissertation §6.4).</summary>
internal sealed record ReadIndexRequest(long Term, long Id) : RaftMessage(Term);

/// <summary>Answers <see cref="ReadIndexRequest"/>; an index of -1 is a refusal.</summary>
internal sealed record ReadIndexReply(long Term, long Id, long Index) : RaftMessage(Term);

/// <summary>
/// Tells a node that campaigns or answers that the committed configuration of index <paramref name="ConfigurationIndex"/> does not have it.
/// </summary>
internal sealed record RemovedNotice(long Term, long ConfigurationIndex) : RaftMessage(Term);
