namespace RaftKv.Embedded.StateMachine;

/// <summary>What an operation of a transaction does. The numbers are part of the format of the log and of the format of results.</summary>
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
    /// As <see cref="Increment"/>, with an <see cref="IncrementBody"/> that has the initial value and the lifetime of a key that does not
    /// exist. In extended transactions only.
    /// </summary>
    IncrementWithOptions = 7,
}
