namespace RaftKv.Embedded.Diagnostics;

/// <summary>The values that a <see cref="StallWatch"/> checks. Any thread.</summary>
internal sealed record StallSources
{
    /// <summary>How long nothing has been heard from the known leader; <c>null</c> when none is known.</summary>
    public required Func<TimeSpan?> LeaderSilence { get; init; }

    /// <summary>The id of the known leader.</summary>
    public required Func<string?> LeaderId { get; init; }

    /// <summary>How long no leader has been known; <c>null</c> when one is known, and on a node that waits for none.</summary>
    public required Func<TimeSpan?> WithoutLeader { get; init; }

    /// <summary>The other voters from which nothing was heard lately.</summary>
    public required Func<IReadOnlyList<string>> SilentVoters { get; init; }

    /// <summary>How long the log's thread has been at the same batch; <c>null</c> when it has none.</summary>
    public required Func<TimeSpan?> LogBusyFor { get; init; }

    /// <summary>How long the applier has been at the same batch; <c>null</c> when it has none.</summary>
    public required Func<TimeSpan?> ApplierBusyFor { get; init; }

    /// <summary>The last entry that is applied.</summary>
    public required Func<long> AppliedIndex { get; init; }
}
