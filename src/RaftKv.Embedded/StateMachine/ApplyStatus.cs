namespace RaftKv.Embedded.StateMachine;

/// <summary>What applying an entry did. The numbers are part of the snapshot's format.</summary>
internal enum ApplyStatus : byte
{
    /// <summary>Nothing to answer: not a command, or the end of a session.</summary>
    None = 0,

    /// <summary>The write happened, the session was opened, or the transaction's conditions held and its "then" was carried out.</summary>
    Applied = 1,

    /// <summary>The condition did not hold; nothing was written. Of a transaction: its "else" was carried out.</summary>
    ConditionFailed = 2,

    /// <summary>There was nothing to delete.</summary>
    NotFound = 3,

    /// <summary>
    /// The session is not known any more, or has forgotten this sequence: the command was not executed now, and whether it was before
    /// cannot be told.
    /// </summary>
    SessionExpired = 4,

    /// <summary>No node can read the command, or it runs too far ahead of its session's window; it was not executed.</summary>
    Malformed = 5,

    /// <summary>A transaction increments what is no number; nothing was written. The version is the operation's place.</summary>
    NotANumber = 6,

    /// <summary>A transaction increments beyond the range of an i64; nothing was written. The version is the operation's place.</summary>
    Overflow = 7,

    /// <summary>The ranges of a transaction hold more keys than one may touch; nothing was written.</summary>
    TooManyKeys = 8,

    /// <summary>What a transaction reads is more than one may answer; nothing was written. The version is the operation's place.</summary>
    ResultTooLarge = 9,

    /// <summary>There is no such lease (any more); nothing was written.</summary>
    LeaseNotFound = 10,

    /// <summary>The lease has as many keys as one may have; nothing was written.</summary>
    LeaseFull = 11,

    /// <summary>There are as many leases as there may be; none was granted.</summary>
    TooManyLeases = 12,
}
