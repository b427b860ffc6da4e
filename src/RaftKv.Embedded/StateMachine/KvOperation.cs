namespace RaftKv.Embedded.StateMachine;

/// <summary>
/// What a command does. The numbers are part of the log's format. 5 to 15 are spoken for: transaction 5, increment 6, expire 7, lease
/// grant 8, lease renew 9, lease revoke 10.
/// </summary>
internal enum KvOperation : byte
{
    OpenSession = 1,
    CloseSession = 2,
    Set = 3,
    Delete = 4,
}
