namespace RaftKv.Embedded;

/// <summary>The data directory cannot be used. The message names the file and says what to do.</summary>
public sealed class RaftKvStorageException : RaftKvException
{
    /// <param name="error">What is wrong.</param>
    /// <param name="message">What happened, what it means for the caller's write, and what to do.</param>
    /// <param name="innerException">The cause, if there is one.</param>
    public RaftKvStorageException(RaftKvStorageError error, string message, Exception? innerException = null)
        : base(message, innerException) => Error = error;

    /// <summary>What is wrong.</summary>
    public RaftKvStorageError Error { get; }
}
