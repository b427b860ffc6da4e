using RaftKv.Embedded.Log;
using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Consensus;

/// <summary>What a leader knows of one peer.</summary>
internal sealed class Progress(string nodeId, Guid incarnation, long next, long now, RaftSettings settings)
{
    /// <summary>How many messages may be under way right after a probe; doubles with every acknowledgement, so that a peer that drops everything is not flooded.</summary>
    private const int FirstWindow = 2;

    /// <summary>While a peer does not advance, the questions about it come ever more slowly, up to so many times the first wait.</summary>
    private const int MaxPatience = 16;

    private int _window = FirstWindow;
    private long _lastSent = now;
    private long _checkedAt = now;
    private int _patience = 1;

    /// <summary>Whether the peer has said what it has of the snapshot: before that one piece is sent and no more.</summary>
    private bool _snapshotAnswered;

    /// <summary>Up to here the peer was last asked what has arrived.</summary>
    private long _snapshotAskedAt;

    /// <summary>Sending has gone back to what the peer wants. Answers to the pieces sent before that say nothing new.</summary>
    private bool _wentBack;

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
    public bool ProbeSent { get; private set; }

    /// <summary>The last entry that was sent along with the probe, and what those entries cost.</summary>
    private (long Last, int Bytes, long At) _probed;

    /// <summary>A probe was sent, with these entries.</summary>
    public void Probed(int entries, int bytes, long now)
    {
        ProbeSent = true;
        _probed = (Next - 1 + entries, bytes, now);
    }

    /// <summary>What may be under way to it.</summary>
    public LinkWindow Link { get; } = new(settings);

    public void Hear(long now)
    {
        // After a silence something may be lost: the peer is asked soon.
        if (IsGone || now - LastContact > settings.ElectionTimeout)
            _patience = 1;
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
        Link.Forget();
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

    /// <summary>Whether the disk is reading a chunk for this peer.</summary>
    public bool ChunkPending { get; set; }

    public int InflightMessages => Link.Count;

    public bool HasRoom => Link.Count < Math.Min(_window, settings.MaxInflightMessages) && Link.HasRoom;

    /// <summary>
    /// Whether it is time to ask the peer what has arrived: something is under way, and for a while nothing was sent, acknowledged or asked. The question keeps its place behind the data; the
    /// answer is the evidence without which nothing is sent again.
    /// </summary>
    public bool IsCheckDue(long now) =>
        now - Math.Max(Math.Max(LastAdvance, _lastSent), _checkedAt) >= Math.Max(settings.ElectionTimeout / 2, 2 * Link.Delay) * _patience;

    public void Checked(long now)
    {
        _checkedAt = now;
        _patience = Math.Min(2 * _patience, MaxPatience);
        _wentBack = false;
        _snapshotAskedAt = SnapshotSent;
    }

    public void Sent(long last, int bytes, long now)
    {
        Link.Sent(last, bytes, now);
        _lastSent = now;
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
        Advance(now);
        if (State != ProgressState.Snapshot)
            Link.Acknowledge(match, now);
        _window = (int)Math.Min(_window * 2L, int.MaxValue);
        return true;
    }

    public void BecomeProbe(long next)
    {
        State = ProgressState.Probe;
        Next = Math.Max(next, Match + 1);
        ProbeSent = false;
        _probed = default;
        _window = FirstWindow;
        Link.Forget();
    }

    public void BecomeReplicate(long next)
    {
        State = ProgressState.Replicate;
        Next = Math.Max(next, Match + 1);
        Link.Forget();
        // A heartbeat may have been answered before the probe: the entries that went along with that are on their way.
        if (_probed.Last >= Next)
            Sent(_probed.Last, _probed.Bytes, _probed.At);
        _probed = default;
    }

    public void BecomeSnapshot()
    {
        State = ProgressState.Snapshot;
        Snapshot = default;
        SnapshotOffset = SnapshotSent = SnapshotBytes = _snapshotAskedAt = 0;
        _snapshotAnswered = _wentBack = false;
        _probed = default;
        Link.Forget();
    }

    /// <summary>Whether another piece may be sent. What the peer has already is only known once it has answered the first.</summary>
    public bool HasSnapshotRoom =>
        SnapshotBytes == 0 || (_snapshotAnswered && SnapshotSent < SnapshotBytes && Link.HasRoom && Link.Count < settings.MaxInflightMessages
            && SnapshotSent - SnapshotOffset < settings.MaxSnapshotWaitingBytes);

    public void SentSnapshotChunk(EntryId last, long totalBytes, int bytes, long now)
    {
        Snapshot = last;
        SnapshotBytes = totalBytes;
        SnapshotSent += bytes;
        _lastSent = now;
        Link.Sent(SnapshotSent, bytes, now);
    }

    /// <summary>The peer has all before this byte, be it more than was sent or less than it had.</summary>
    public void SnapshotWanted(long offset, long now)
    {
        _snapshotAnswered = true;
        if (offset > SnapshotOffset)
        {
            SnapshotOffset = offset;
            SnapshotSent = Math.Max(SnapshotSent, offset);
            _wentBack = false;
            Advance(now);
            Link.Acknowledge(offset, now);
        }
        else if (offset < SnapshotOffset || (SnapshotSent > offset && !_wentBack && offset != _snapshotAskedAt))
        {
            // Pieces arrive in their order, so what follows is lost. The answer to a question for just this byte says only that all before it is there.
            SnapshotOffset = SnapshotSent = offset;
            _snapshotAskedAt = 0;
            _wentBack = true;
            Link.Forget();
        }
    }

    private void Advance(long now)
    {
        LastAdvance = now;
        _patience = 1;
    }
}
