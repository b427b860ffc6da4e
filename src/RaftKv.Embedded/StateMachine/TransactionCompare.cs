namespace RaftKv.Embedded.StateMachine;

/// <summary>One condition of a transaction.</summary>
/// <param name="Target">What is compared.</param>
/// <param name="Relation">How.</param>
/// <param name="Keys">Of which keys; for an interval it must hold for all.</param>
/// <param name="Operand">With what: the bytes of a value, or an i64.</param>
internal readonly record struct TransactionCompare(KvCompareTarget Target, KvRelation Relation, TransactionKeys Keys,
    ReadOnlyMemory<byte> Operand);
