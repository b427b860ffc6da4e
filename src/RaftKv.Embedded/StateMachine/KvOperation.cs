using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.StateMachine;

/// <summary>
/// What a command does. The numbers are part of the log's format. 6 is not used: an increment is an operation of a transaction.
/// </summary>
internal enum KvOperation : byte
{
    OpenSession = 1,
    CloseSession = 2,
    Set = 3,
    Delete = 4,
    Transaction = 5,
    Expire = 7,
    GrantLease = 8,
    RenewLease = 9,
    RevokeLease = 10,
    SetWithLifetime = 11,
    Touch = 12,

    /// <summary>
    /// As <see cref="Transaction"/>, with operations that every member knows from <see cref="FeatureLevels.IncrementLifetimes"/> on.
    /// </summary>
    ExtendedTransaction = 13,
}
