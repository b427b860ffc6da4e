namespace RaftKv.Embedded.Consensus;

/// <summary>What a leader knows of one peer.</summary>
internal sealed class Progress(string nodeId, Guid incarnation, long next, long now)
{
    /// <summary>How many messages may be under way right after a probe; doubles with every acknowledgement, so that a peer that drops everything is not flooded.</summary>
    private const int FirstWindow = 2;

    /// <summary>How many pieces of a snapshot may be under way once the first ones have arrived.</summary>
    private const int MaxSnapshotWindow = 4;

    private readonly Queue<(long Last, int Bytes)> _inflight = new();
    private long _inflightBytes;
    private int _window = FirstWindow;
    private int _snapshotWindow = 1;

    public string NodeId { get; } = nodeId;

    /// <summary>Another incarnation is another disk: nothing known of this one holds for it.</summary>
    public Guid Incarnation { get; } = incarnation;

    public MemberRole Role { get; set; }

    /// <summary>The configuration that no longer has this peer; 0 while it is a member.</summary>
    public long RemovedAt { get; set; }

    /// <summary>A removed peer that has answered this round knows that its removal is committed.</summary>
    public long GoodbyeRound { get; set; }

    /// <summary>When to give up telling a removed peer.</summary>
    public long GoodbyeUntil { get; set; } = Moment.Never;

    public bool IsVoter => RemovedAt == 0 && Role == MemberRole.Voter;

    public ProgressState State { get; private set; }

    /// <summary>Up to here the peer's durable log agrees with the leader's. Decreases only in <see cref="Distrust"/>.</summary>
    public long Match { get; private set; }

    /// <summary>The leader's newest round when <see cref="Match"/> was acknowledged: a refusal in a later round was sent after it.</summary>
    public long MatchRound { get; private set; }

    /// <summary>Replies to earlier rounds answer messages from before this peer was (again) a member with this disk, and are ignored.</summary>
    public long FirstRound { get; init; }

    /// <summary>The peer has refused entries that it had acknowledged. It counts for no quorum until a configuration entry has taken its vote.</summary>
    public bool HasLostEntries { get; private set; }

    /// <summary>The next entry to send.</summary>
    public long Next { get; set; } = next;

    /// <summary>When the last answer came, in ticks; before the first one, when this leader began to list the peer.</summary>
    public long LastContact { get; private set; } = now;

    /// <summary>
    /// Whether it has answered since this leader lists it; until then <see cref="LastContact"/> says only when it was listed.
    /// </summary>
    public bool HasAnswered { get; private set; }

    /// <summary>Its connection was reset and nothing has come since: no reason to doubt the quorum yet, but none to count on it either.</summary>
    public bool IsGone { get; private set; }

    /// <summary>When <see cref="Match"/>, or the snapshot being sent, last moved on.</summary>
    public long LastAdvance { get; set; } = now;

    /// <summary>The newest round the peer has answered.</summary>
    public long Round { get; set; }

    /// <summary>The newest round the peer has been sent.</summary>
    public long RoundSent { get; set; }

    /// <summary>The newest commit index the peer has been sent.</summary>
    public long CommitSent { get; set; }

    /// <summary>Whether entries were sent along with a probe; heartbeats repeat the probe without them.</summary>
    public bool ProbeSent { get; set; }

    public void Hear(long now)
    {
        LastContact = now;
        HasAnswered = true;
        IsGone = false;
    }

    public void Lose() => IsGone = true;

    /// <summary>The peer's disk no longer has what the peer acknowledged: nothing it said counts, and nothing it says is taken.</summary>
    public void Distrust()
    {
        HasLostEntries = true;
        IsGone = true;
        Match = Round = 0;
        State = ProgressState.Probe;
        ProbeSent = true;
        ForgetInflight();
    }

    /// <summary>Whether the peer's disk has room for entries, as far as it said.</summary>
    public bool TakesEntries { get; set; } = true;

    /// <summary>Whether the disk is reading entries for this peer.</summary>
    public bool ReadPending { get; set; }

    /// <summary>The snapshot being sent, once its first chunk was read.</summary>
    public EntryId Snapshot { get; private set; }

    /// <summary>The first byte of it the peer does not have.</summary>
    public long SnapshotOffset { get; private set; }

    /// <summary>The first byte of it that was not sent.</summary>
    public long SnapshotSent { get; private set; }

    public long SnapshotBytes { get; private set; }

    /// <summary>When a chunk was last asked from the disk, sent or acknowledged; if nothing happens all that is under way is repeated.</summary>
    public long SnapshotSentAt { get; set; }

    /// <summary>Whether the disk is reading a chunk for this peer.</summary>
    public bool ChunkPending { get; set; }

    public int InflightMessages => _inflight.Count;

    public bool HasRoom(RaftSettings settings) =>
        _inflight.Count < Math.Min(_window, settings.MaxInflightMessages) && _inflightBytes < settings.MaxInflightBytes;

    public void Sent(long last, int bytes)
    {
        _inflight.Enqueue((last, bytes));
        _inflightBytes += bytes;
        Next = last + 1;
    }

    /// <summary>Takes note of an acknowledgement; false when it is an old one.</summary>
    public bool Acknowledge(long match, long round, long now)
    {
        if (match <= Match)
            return false;
        Match = match;
        MatchRound = round;
        Next = Math.Max(Next, match + 1);
        LastAdvance = now;
        while (_inflight.TryPeek(out var first) && first.Last <= match)
        {
            _inflightBytes -= first.Bytes;
            _inflight.Dequeue();
        }
        _window = (int)Math.Min(_window * 2L, int.MaxValue);
        return true;
    }

    public void BecomeProbe(long next)
    {
        State = ProgressState.Probe;
        Next = Math.Max(next, Match + 1);
        ProbeSent = false;
        _window = FirstWindow;
        ForgetInflight();
    }

    public void BecomeReplicate(long next)
    {
        State = ProgressState.Replicate;
        Next = Math.Max(next, Match + 1);
        ForgetInflight();
    }

    public void BecomeSnapshot()
    {
        State = ProgressState.Snapshot;
        Snapshot = default;
        SnapshotOffset = SnapshotBytes = 0;
        RepeatSnapshot();
        ForgetInflight();
    }

    /// <summary>Whether another piece may be sent. What the peer has already is only known once it has answered the first.</summary>
    public bool HasSnapshotRoom(int chunkBytes) =>
        (SnapshotBytes == 0 || SnapshotSent < SnapshotBytes) && SnapshotSent - SnapshotOffset < (long)_snapshotWindow * chunkBytes;

    public void SentSnapshotChunk(EntryId last, long totalBytes, int bytes)
    {
        Snapshot = last;
        SnapshotBytes = totalBytes;
        SnapshotSent += bytes;
    }

    /// <summary>The peer has all before this byte, be it more than was sent or less than it had.</summary>
    public void SnapshotWanted(long offset, long now)
    {
        var advances = offset > SnapshotOffset;
        SnapshotOffset = offset;
        if (advances)
        {
            LastAdvance = now;
            SnapshotSent = Math.Max(SnapshotSent, offset);
            _snapshotWindow = Math.Min(_snapshotWindow + 1, MaxSnapshotWindow);
        }
        else
        {
            RepeatSnapshot();
        }
    }

    /// <summary>What is under way counts as lost.</summary>
    public void RepeatSnapshot()
    {
        SnapshotSent = SnapshotOffset;
        _snapshotWindow = 1;
    }

    private void ForgetInflight()
    {
        _inflight.Clear();
        _inflightBytes = 0;
    }
}
