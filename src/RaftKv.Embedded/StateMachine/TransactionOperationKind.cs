namespace RaftKv.Embedded.StateMachine;

/// <summary>What an operation of a transaction does. The numbers are part of the log's format, and of that of results.</summary>
internal enum TransactionOperationKind : byte
{
    Put = 1,
    Delete = 2,
    DeleteRange = 3,
    Get = 4,
    Increment = 5,

    /// <summary>As <see cref="Put"/>, behind a <see cref="KvLifetime"/>.</summary>
    PutWithLifetime = 6,

    /// <summary>
    /// As <see cref="Increment"/>, with an <see cref="IncrementBody"/> that says what a key that does not exist begins with. In extended
    /// transactions only.
    /// </summary>
    IncrementWithOptions = 7,
}
