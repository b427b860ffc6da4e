namespace RaftKv.Embedded;

/// <summary>A call about a lease, or a write that was to be bound to one, was refused: nothing was written.</summary>
public sealed class RaftKvLeaseException : RaftKvException
{
    /// <param name="error">Why.</param>
    /// <param name="message">What happened, what it means for the caller's write, and what to do.</param>
    public RaftKvLeaseException(RaftKvLeaseError error, string message) : base(message) => Error = error;

    /// <summary>Why.</summary>
    public RaftKvLeaseError Error { get; }
}
