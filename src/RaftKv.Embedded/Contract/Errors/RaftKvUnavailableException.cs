namespace RaftKv.Embedded;

/// <summary>The call was not performed: nothing was written, and a retry is safe.</summary>
public sealed class RaftKvUnavailableException : RaftKvException
{
    internal RaftKvUnavailableException(RaftKvUnavailableReason reason, string message, Exception? innerException = null)
        : base(message, innerException) => Reason = reason;

    /// <summary>Why.</summary>
    public RaftKvUnavailableReason Reason { get; }

    /// <inheritdoc/>
    public override bool IsTransient => Reason is not (RaftKvUnavailableReason.Faulted or RaftKvUnavailableReason.Removed or RaftKvUnavailableReason.Stopping);
}
