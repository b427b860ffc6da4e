namespace RaftKv.Embedded.Consensus;

/// <summary>When a leader last heard a peer, and the heartbeat rounds that it asked and the peer answered.</summary>
/// <param name="now">When this leader began to list the peer, in ticks.</param>
/// <param name="silence">After this many ticks without a message something may be lost.</param>
internal sealed class PeerContact(long now, long silence)
{
    /// <summary>When the last answer came, in ticks; before the first one, when this leader began to list the peer.</summary>
    public long HeardAt { get; private set; } = now;

    /// <summary>Whether the peer has answered since this leader lists it.</summary>
    public bool HasAnswered { get; private set; }

    /// <summary>The connection was reset, and no message has come since. The peer may be alive, but it is not counted on.</summary>
    public bool IsGone { get; private set; }

    /// <summary>
    /// Replies to earlier rounds answer messages from before the peer was (again) a member with this disk. They are ignored.
    /// </summary>
    public long FirstRound { get; set; }

    /// <summary>The newest round that the peer has answered.</summary>
    public long Round { get; set; }

    /// <summary>The newest round that the peer was sent.</summary>
    public long RoundSent { get; set; }

    /// <summary>The newest commit index that the peer was sent.</summary>
    public long CommitSent { get; set; }

    /// <summary>A message came; <c>true</c> when the peer was gone or silent before.</summary>
    public bool Hear(long now)
    {
        var wasSilent = IsGone || now - HeardAt > silence;
        HeardAt = now;
        HasAnswered = true;
        IsGone = false;
        return wasSilent;
    }

    public void Lose() => IsGone = true;

    /// <summary>The answers of the peer so far no longer count.</summary>
    public void Distrust()
    {
        IsGone = true;
        Round = 0;
    }
}
