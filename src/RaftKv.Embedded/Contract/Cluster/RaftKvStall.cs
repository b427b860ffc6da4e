namespace RaftKv.Embedded;

/// <summary>A time in which this node made no progress.</summary>
public sealed record RaftKvStall
{
    /// <summary>What held the node up.</summary>
    public required RaftKvStallCause Cause { get; init; }

    /// <summary>How long the stall lasted; for an ongoing one, the time until now.</summary>
    public TimeSpan Duration { get; init; }

    /// <summary>When the stall was noticed, by this node's wall clock.</summary>
    public DateTimeOffset At { get; init; }

    /// <summary>Details, as text.</summary>
    public string Detail { get; init; } = "";

    /// <summary>
    /// Whether the stall is still going on. A health check is degraded after one second of it. A node whose log or whose applying of
    /// entries hangs for longer than 5 seconds, or than four election timeouts if these are longer, is not ready.
    /// </summary>
    public bool IsOngoing { get; init; }
}
