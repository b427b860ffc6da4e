namespace RaftKv.Embedded;

/// <summary>Which node runs a leader service. It can be written as JSON.</summary>
public sealed record RaftKvLeaderServiceStatus
{
    /// <summary>The name of the service.</summary>
    public required string Name { get; init; }

    /// <summary>The node that runs it; <c>null</c> while none does.</summary>
    public string? NodeId { get; init; }

    /// <summary>Since when that node runs it, by its wall clock; <c>null</c> while none does.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Whether it runs in this process.</summary>
    public bool RunsHere { get; init; }

    /// <summary>
    /// How often in succession it has failed in this process. A run that outlasts <see cref="RaftKvLeaderServiceOptions.MaxBackoff"/>
    /// begins a new count.
    /// </summary>
    public int Failures { get; init; }

    /// <summary>The last of the failures that <see cref="Failures"/> counts; <c>null</c> when there is none.</summary>
    public RaftKvLeaderServiceFailure? LastFailure { get; init; }
}
