namespace RaftKv.Embedded;

/// <summary>The base of everything this library throws for other reasons than a wrong argument.</summary>
public abstract class RaftKvException : Exception
{
    private protected RaftKvException(string message, Exception? innerException = null) : base(message, innerException) { }

    /// <summary>What the error means for the caller's write.</summary>
    public virtual KvOutcome Outcome => KvOutcome.NotApplied;

    /// <summary>Whether the same call may succeed later without anybody changing anything.</summary>
    public virtual bool IsTransient => false;
}
