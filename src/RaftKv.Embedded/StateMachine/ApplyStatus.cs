namespace RaftKv.Embedded.StateMachine;

/// <summary>The outcome of applying an entry. The numbers are part of the snapshot's format.</summary>
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
    /// The session is not known any more, or has forgotten this sequence: the command was not executed now, and it is unknown whether it
    /// was executed before.
    /// </summary>
    SessionExpired = 4,

    /// <summary>No node can read the command, or it runs too far ahead of its session's window; it was not executed.</summary>
    Malformed = 5,

    /// <summary>
    /// A transaction increments a value that is not a number; nothing was written. The version is the index of the operation.
    /// </summary>
    NotANumber = 6,

    /// <summary>
    /// A transaction increments beyond the range of an i64; nothing was written. The version is the index of the operation.
    /// </summary>
    Overflow = 7,

    /// <summary>The ranges of a transaction hold more keys than a transaction may touch; nothing was written.</summary>
    TooManyKeys = 8,

    /// <summary>
    /// The result of a transaction is larger than allowed; nothing was written. The version is the index of the operation.
    /// </summary>
    ResultTooLarge = 9,

    /// <summary>There is no such lease (any more); nothing was written.</summary>
    LeaseNotFound = 10,

    /// <summary>The lease has as many keys as a lease may have; nothing was written.</summary>
    LeaseFull = 11,

    /// <summary>The largest number of leases is reached; none was granted.</summary>
    TooManyLeases = 12,
}
