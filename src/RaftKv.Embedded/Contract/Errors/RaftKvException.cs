namespace RaftKv.Embedded;

/// <summary>The base of this library's exceptions. Wrong arguments and wrong use throw exceptions of the class library instead.</summary>
public abstract class RaftKvException : Exception
{
    /// <param name="message">What happened, what it means for the caller's write, and what to do.</param>
    /// <param name="innerException">The cause, if there is one.</param>
    protected RaftKvException(string message, Exception? innerException = null) : base(message, innerException) { }

    /// <summary>What the error means for the caller's write.</summary>
    public virtual KvOutcome Outcome => KvOutcome.NotApplied;

    /// <summary>Whether the same call may succeed later without a change of configuration or data.</summary>
    public virtual bool IsTransient => false;
}
