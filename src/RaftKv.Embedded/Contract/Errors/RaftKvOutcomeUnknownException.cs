namespace RaftKv.Embedded;

/// <summary>
/// The write, or the change of members, left this node and no answer came in time: it may have taken effect, or may still. Read the key, or
/// make the write conditional on a version, before writing again. A change of members can be requested again: a step that has been carried
/// out is not repeated.
/// </summary>
public sealed class RaftKvOutcomeUnknownException : RaftKvException
{
    /// <param name="message">What happened, what it means for the caller's write, and what to do.</param>
    /// <param name="innerException">The cause, if there is one.</param>
    public RaftKvOutcomeUnknownException(string message, Exception? innerException = null) : base(message, innerException) { }

    /// <inheritdoc/>
    public override KvOutcome Outcome => KvOutcome.Unknown;
}
