using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Node;

/// <summary>How a write was given to leaders so far.</summary>
internal struct WriteDelivery
{
    /// <summary>How often it was given to a leader; while 0, it is certain that it was not applied.</summary>
    public int Attempts;

    /// <summary>How often it was refused, or did not fit the connection: the pause before the next attempt grows.</summary>
    public int Refusals;

    /// <summary>When it was last given to a leader, in monotonic ticks.</summary>
    public long SentAt;

    /// <summary>
    /// The <see cref="LeaderRoute"/> by which it was last given to a leader; negative when that leader has refused it; 0 before it was
    /// given to any.
    /// </summary>
    public long Route;

    /// <summary>
    /// When it is given to the leader again after a refusal, in monotonic ticks; <see cref="Moment.Never"/> when it is given again only by
    /// another route.
    /// </summary>
    public long RetryAt = Moment.Never;

    /// <summary>The log may hold the bytes of the command itself by now: from then on they must not change.</summary>
    public bool IsShared;

    public WriteDelivery()
    {
    }
}
