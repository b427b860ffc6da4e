namespace RaftKv.Embedded.Consensus;

/// <summary>
/// When to ask a peer what has arrived: something is under way, and for a while nothing was sent, acknowledged or asked. The question keeps
/// its place after the data. Nothing is sent again before its answer shows that it is lost.
/// </summary>
internal sealed class ArrivalCheck(long now)
{
    /// <summary>While a peer does not advance, the wait between two questions doubles up to this factor.</summary>
    private const int MaxBackoff = 16;

    private long _sentAt = now;
    private long _checkedAt = now;
    private int _backoff = 1;

    /// <summary>When the peer's match index, or the snapshot being sent, last advanced.</summary>
    public long AdvancedAt { get; private set; } = now;

    public bool IsDue(long now, long interval) => now - Math.Max(Math.Max(AdvancedAt, _sentAt), _checkedAt) >= interval * _backoff;

    public void Sent(long now) => _sentAt = now;

    public void Checked(long now)
    {
        _checkedAt = now;
        _backoff = Math.Min(2 * _backoff, MaxBackoff);
    }

    public void Advance(long now)
    {
        AdvancedAt = now;
        _backoff = 1;
    }

    /// <summary>The peer is busy with what it has: it advances, but the backoff stays.</summary>
    public void StillAdvances(long now) => AdvancedAt = now;

    /// <summary>After a silence messages may be lost: the peer is asked soon.</summary>
    public void ResetBackoff() => _backoff = 1;
}
