using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Consensus;

/// <summary>How far a snapshot has been sent to one peer.</summary>
internal sealed class SnapshotTransfer(LinkWindow link, RaftSettings settings)
{
    /// <summary>Whether the peer has said what it has of the snapshot: before that one piece is sent and no more.</summary>
    private bool _isAnswered;

    /// <summary>The offset for which the peer was last asked what has arrived.</summary>
    private long _askedAt;

    /// <summary>
    /// The questions for this offset and later ones, up to <see cref="_askedAt"/>, may be unanswered: a slow link may hold several.
    /// </summary>
    private long _askedFrom = 1;

    /// <summary>Sending has gone back to what the peer wants. Answers to the pieces sent before that say nothing new.</summary>
    private bool _wentBack;

    /// <summary>The snapshot, once its first piece was read.</summary>
    public EntryId Last { get; private set; }

    public long TotalBytes { get; private set; }

    /// <summary>The first byte that the peer does not have.</summary>
    public long Acknowledged { get; private set; }

    /// <summary>The first byte that was not sent.</summary>
    public long Sent { get; private set; }

    /// <summary>Whether another piece may be sent. What the peer has already is only known once it has answered the first.</summary>
    public bool HasRoom =>
        TotalBytes == 0 || (_isAnswered && Sent < TotalBytes && link.HasRoom && link.Count < settings.MaxInflightMessages
            && Sent - Acknowledged < settings.MaxSnapshotWaitingBytes);

    public void SentPiece(EntryId last, long totalBytes, int bytes)
    {
        Last = last;
        TotalBytes = totalBytes;
        Sent += bytes;
    }

    /// <summary>The peer is asked what it has.</summary>
    public void Asked()
    {
        _wentBack = false;
        if (_askedFrom > _askedAt)
            _askedFrom = Sent;
        _askedAt = Sent;
    }

    /// <summary>
    /// The peer has every byte before <paramref name="offset"/>, which may be more than was sent or less than it had. <c>true</c> when it
    /// has more than before.
    /// </summary>
    public bool Acknowledge(long offset)
    {
        _isAnswered = true;
        if (offset > Acknowledged)
        {
            Acknowledged = offset;
            Sent = Math.Max(Sent, offset);
            _wentBack = false;
            return true;
        }
        // Pieces arrive in their order, so what follows is lost. But the answer to a question for just this byte says only that all before
        // it is there.
        var answersQuestion = offset == _askedAt || (offset >= _askedFrom && offset < _askedAt);
        _askedFrom = Math.Max(_askedFrom, offset + 1);
        if (offset < Acknowledged || (Sent > offset && !_wentBack && !answersQuestion))
        {
            Acknowledged = Sent = offset;
            (_askedFrom, _askedAt) = (1, 0);
            _wentBack = true;
            link.Forget();
        }
        return false;
    }
}
