using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Consensus;

/// <summary>What a leader knows of one peer, and how it feeds it (Raft §5.3: nextIndex and matchIndex).</summary>
internal sealed class Progress(string nodeId, Guid incarnation, long next, long now, RaftSettings settings)
{
    private Acknowledgement _acknowledged;
    private SentProbe? _probe;

    public string NodeId { get; } = nodeId;

    /// <summary>Another incarnation is another disk: nothing known of this one holds for it.</summary>
    public Guid Incarnation { get; } = incarnation;

    public MemberRole Role { get; set; }

    /// <summary>Set while the configuration in force does not have the peer.</summary>
    public RemovalNotice? Removal { get; set; }

    public bool IsVoter => Removal is null && Role == MemberRole.Voter;

    public ProgressState State { get; private set; }

    public PeerContact Contact { get; } = new(now, settings.ElectionTimeout);

    /// <summary>What may be under way to the peer.</summary>
    public PeerLink Link { get; } = new(settings, now);

    /// <summary>The snapshot being sent, in <see cref="ProgressState.Snapshot"/>.</summary>
    public SnapshotTransfer? Snapshot { get; private set; }

    /// <summary>Up to here the peer's durable log agrees with the leader's. Decreases only in <see cref="Distrust"/>.</summary>
    public long Match => _acknowledged.Index;

    /// <summary>The leader's newest round when <see cref="Match"/> was acknowledged.</summary>
    public long MatchRound => _acknowledged.Round;

    /// <summary>
    /// The peer has refused entries that it had acknowledged. It counts for no quorum until a configuration entry has taken its vote.
    /// </summary>
    public bool HasLostEntries { get; private set; }

    /// <summary>The next entry to send.</summary>
    public long Next { get; private set; } = next;

    /// <inheritdoc cref="PeerContact.Round"/>
    public long Round => Contact.Round;

    /// <summary>Whether a probe waits for its answer. Heartbeats repeat it without entries.</summary>
    public bool ProbeSent => _probe is not null || HasLostEntries;

    public int InflightMessages => Link.Count;

    /// <summary>Whether the peer's disk has room for entries, as far as it said.</summary>
    public bool TakesEntries { get; set; } = true;

    /// <summary>Whether the disk is reading entries for this peer.</summary>
    public bool ReadPending { get; set; }

    /// <summary>Whether the disk is reading a piece of a snapshot for this peer.</summary>
    public bool ChunkPending { get; set; }

    public void Hear(long now)
    {
        if (Contact.Hear(now))
            Link.ResetBackoff();
    }

    /// <summary>
    /// The peer's disk no longer has what the peer acknowledged: its earlier answers do not count, and new ones are ignored.
    /// </summary>
    public void Distrust()
    {
        HasLostEntries = true;
        _acknowledged = _acknowledged with { Index = 0 };
        Contact.Distrust();
        State = ProgressState.Probe;
        Snapshot = null;
        Link.Forget();
    }

    /// <summary>A probe was sent, with these entries.</summary>
    public void Probed(int entries, int bytes, long now) => _probe = new SentProbe(Next - 1 + entries, bytes, now);

    public void Sent(long last, int bytes, long now)
    {
        Link.Sent(last, bytes, now);
        Next = last + 1;
    }

    /// <summary>Records an acknowledgement; false when it is an old one.</summary>
    public bool Acknowledge(long match, long round, long now)
    {
        if (match <= Match)
            return false;
        _acknowledged = new Acknowledgement(match, round);
        Next = Math.Max(Next, match + 1);
        if (State != ProgressState.Snapshot)
            Link.Acknowledge(match, now);
        else
            Link.Advance(now);
        Link.Widen();
        return true;
    }

    public void BecomeProbe(long next)
    {
        State = ProgressState.Probe;
        Snapshot = null;
        Next = Math.Max(next, Match + 1);
        _probe = null;
        Link.Narrow();
        Link.Forget();
    }

    public void BecomeReplicate(long next, long now)
    {
        State = ProgressState.Replicate;
        Snapshot = null;
        Next = Math.Max(next, Match + 1);
        Link.Forget();
        // A heartbeat may have been answered before the probe: the entries that were sent with the probe are still under way.
        if (_probe is { } probe && probe.Last >= Next)
            Sent(probe.Last, probe.Bytes, probe.At);
        // The peer has compared these entries and not acknowledged them. If it dies before they are durable, the next arrival check finds
        // out.
        else if (Next - 1 > Match)
            Sent(Next - 1, bytes: 0, now);
        _probe = null;
    }

    public void BecomeSnapshot()
    {
        State = ProgressState.Snapshot;
        Snapshot = Link.NewSnapshot();
        _probe = null;
        Link.Forget();
    }

    public void SentSnapshotChunk(EntryId last, long totalBytes, int bytes, long now)
    {
        Snapshot!.SentPiece(last, totalBytes, bytes);
        Link.Sent(Snapshot.Sent, bytes, now);
    }

    /// <inheritdoc cref="SnapshotTransfer.Acknowledge"/>
    public void SnapshotWanted(long offset, long now)
    {
        if (Snapshot!.Acknowledge(offset))
            Link.Acknowledge(offset, now);
    }

    /// <summary>The peer was asked what has arrived.</summary>
    public void Checked(long now)
    {
        Link.Checked(now);
        Snapshot?.Asked();
    }
}
