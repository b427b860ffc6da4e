namespace RaftKv.Embedded;

/// <summary>A transaction was refused: nothing was written. The same transaction is refused again unless the keys it is about change.</summary>
public sealed class RaftKvTransactionException : RaftKvException
{
    internal RaftKvTransactionException(RaftKvTransactionError error, string message) : base(message) => Error = error;

    /// <summary>Why.</summary>
    public RaftKvTransactionError Error { get; }
}
