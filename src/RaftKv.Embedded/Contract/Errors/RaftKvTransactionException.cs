namespace RaftKv.Embedded;

/// <summary>
/// A transaction was refused: nothing was written. The same transaction is refused again unless the keys that it reads or writes change.
/// </summary>
public sealed class RaftKvTransactionException : RaftKvException
{
    /// <param name="error">Why.</param>
    /// <param name="message">What happened, what it means for the caller's write, and what to do.</param>
    public RaftKvTransactionException(RaftKvTransactionError error, string message) : base(message) => Error = error;

    /// <summary>Why.</summary>
    public RaftKvTransactionError Error { get; }
}
