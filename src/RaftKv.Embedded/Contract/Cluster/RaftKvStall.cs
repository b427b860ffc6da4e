namespace RaftKv.Embedded;

/// <summary>A time in which this node did not get on.</summary>
/// <param name="Cause">What held it up.</param>
/// <param name="Duration">For how long; of one that is still going on, up to now.</param>
/// <param name="At">When it was noticed, by this node's wall clock.</param>
/// <param name="Detail">More of it, in words.</param>
public sealed record RaftKvStall(RaftKvStallCause Cause, TimeSpan Duration, DateTimeOffset At, string Detail)
{
    /// <summary>
    /// Whether it is still going on. A health check is degraded after a second of it; a node whose log or whose applying of entries hangs for longer than 5 seconds, or than four election
    /// timeouts if these are longer, is not ready.
    /// </summary>
    public bool IsOngoing { get; init; }
}
