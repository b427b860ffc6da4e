namespace RaftKv.Embedded.StateMachine;

/// <summary>What applying an entry did. The numbers are part of the snapshot's format.</summary>
internal enum ApplyStatus : byte
{
    /// <summary>Nothing to answer: not a command, or the end of a session.</summary>
    None = 0,

    /// <summary>The write happened, or the session was opened.</summary>
    Applied = 1,

    /// <summary>The condition did not hold; nothing was written.</summary>
    ConditionFailed = 2,

    /// <summary>There was nothing to delete.</summary>
    NotFound = 3,

    /// <summary>
    /// The session is not known any more, or has forgotten this sequence: the command was not executed now, and whether it was before cannot be told.
    /// </summary>
    SessionExpired = 4,

    /// <summary>No node can read the command, or it runs too far ahead of its session's window; it was not executed.</summary>
    Malformed = 5,
}
