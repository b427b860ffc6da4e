namespace RaftKv.Embedded;

/// <summary>The call was not performed: nothing was written, and a retry is safe.</summary>
public sealed class RaftKvUnavailableException : RaftKvException
{
    /// <param name="reason">Why.</param>
    /// <param name="message">What happened, what it means for the caller's write, and what to do.</param>
    /// <param name="innerException">The cause, if there is one.</param>
    public RaftKvUnavailableException(RaftKvUnavailableReason reason, string message, Exception? innerException = null)
        : base(message, innerException) => Reason = reason;

    /// <summary>Why.</summary>
    public RaftKvUnavailableReason Reason { get; }

    /// <inheritdoc/>
    public override bool IsTransient =>
        Reason is not (RaftKvUnavailableReason.Faulted or RaftKvUnavailableReason.Removed or RaftKvUnavailableReason.Stopping);
}
