namespace RaftKv.Embedded;

/// <summary>Why a run of a leader service failed, as text: it can be written as JSON. The log has the whole exception.</summary>
public sealed record RaftKvLeaderServiceFailure
{
    /// <summary>The full name of the exception's type.</summary>
    public required string ExceptionType { get; init; }

    /// <summary>The exception's message.</summary>
    public required string Message { get; init; }
}
