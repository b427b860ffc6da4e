namespace RaftKv.Embedded;

/// <summary>The data directory cannot be used. The message names the file and says what to do.</summary>
public sealed class RaftKvStorageException : RaftKvException
{
    internal RaftKvStorageException(RaftKvStorageError error, string message, Exception? innerException = null)
        : base(message, innerException) => Error = error;

    /// <summary>What is wrong.</summary>
    public RaftKvStorageError Error { get; }
}
