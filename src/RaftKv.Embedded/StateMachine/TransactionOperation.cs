namespace RaftKv.Embedded.StateMachine;

/// <summary>One operation of a transaction.</summary>
/// <param name="Kind">What it does.</param>
/// <param name="Keys">The keys on which it operates.</param>
/// <param name="Body">
/// The value of a put, behind its lifetime if it has one, the <see cref="IncrementBody"/> of an increment; otherwise empty.
/// </param>
internal readonly record struct TransactionOperation(TransactionOperationKind Kind, TransactionKeys Keys, ReadOnlyMemory<byte> Body)
{
    public bool Writes => Kind != TransactionOperationKind.Get;
}
