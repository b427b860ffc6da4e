namespace RaftKv.Embedded.Consensus;

/// <summary>
/// The leader's lease for reads without a heartbeat round (dissertation §6.4.1). It is based on the promises of a quorum.
/// </summary>
internal sealed class ReadLease(RaftSettings settings)
{
    /// <summary>From this round on every message has asked for a promise.</summary>
    private long _fromRound = long.MaxValue;

    /// <summary>How long the followers are asked to give no vote.</summary>
    public int LengthMs { get; } = (int)Math.Min(settings.ElectionTimeout / TimeSpan.TicksPerMillisecond, int.MaxValue);

    /// <summary>The leadership was handed over in this term. There is no lease in it any more.</summary>
    public bool IsForfeited { get; private set; }

    /// <summary>Reads may be served without a heartbeat round before this time, in ticks.</summary>
    public long Until { get; private set; }

    /// <summary>Whether messages of this round ask for a promise.</summary>
    public bool IsAskedIn(long round) => _fromRound <= round;

    public void OnRoundBegun(long round, bool isWanted)
    {
        if (!isWanted || IsForfeited || LengthMs == 0)
            _fromRound = long.MaxValue;
        else if (_fromRound == long.MaxValue)
            _fromRound = round;
    }

    /// <summary>A quorum has answered this round.</summary>
    public void OnRoundAnswered(long round, long sentAt)
    {
        if (round < _fromRound)
            return;
        // The promises began when the round arrived, which is after it was sent; the followers' clocks may run faster than ours.
        var length = (long)(LengthMs * TimeSpan.TicksPerMillisecond * (1 - settings.MaxClockDrift));
        Until = Math.Max(Until, sentAt + length);
    }

    /// <summary>Promises of rounds up to now count no longer, because other voters must give them.</summary>
    public void Restart(long newestRound)
    {
        Until = 0;
        if (IsAskedIn(newestRound))
            _fromRound = newestRound + 1;
    }

    /// <summary>Ends the lease: a follower may have lost the promise that it gave.</summary>
    public void Revoke() => Until = 0;

    /// <summary>Ends the lease for the rest of the term: the successor is elected in spite of every promise.</summary>
    public void Forfeit()
    {
        IsForfeited = true;
        _fromRound = long.MaxValue;
        Until = 0;
    }
}
