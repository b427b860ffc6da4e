namespace RaftKv.Embedded;

/// <summary>A change of the leader as one node saw it.</summary>
public sealed record RaftKvElection
{
    /// <summary>The term that began.</summary>
    public required long Term { get; init; }

    /// <summary>The leader of the term; <c>null</c> while there is none.</summary>
    public string? LeaderId { get; init; }

    /// <summary>When this node saw it, by its own wall clock.</summary>
    public DateTimeOffset At { get; init; }

    /// <summary>Why the leader changed, as text.</summary>
    public string Cause { get; init; } = "";
}
