namespace RaftKv.Embedded;

/// <summary>A time in which this node made no progress.</summary>
public sealed record RaftKvStall
{
    /// <summary>What held it up.</summary>
    public required RaftKvStallCause Cause { get; init; }

    /// <summary>For how long; of one that is still going on, up to now.</summary>
    public TimeSpan Duration { get; init; }

    /// <summary>When it was noticed, by this node's wall clock.</summary>
    public DateTimeOffset At { get; init; }

    /// <summary>More of it, in words.</summary>
    public string Detail { get; init; } = "";

    /// <summary>
    /// Whether it is still going on. A health check is degraded after a second of it; a node whose log or whose applying of entries hangs
    /// for longer than 5 seconds, or than four election timeouts if these are longer, is not ready.
    /// </summary>
    public bool IsOngoing { get; init; }
}
