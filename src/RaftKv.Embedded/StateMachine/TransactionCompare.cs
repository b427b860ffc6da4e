namespace RaftKv.Embedded.StateMachine;

/// <summary>One condition of a transaction.</summary>
/// <param name="Target">What is compared.</param>
/// <param name="Relation">How it is compared with the operand.</param>
/// <param name="Keys">The key; for an interval the condition must hold for all of its keys.</param>
/// <param name="Operand">The operand: the bytes of a value, or an i64.</param>
internal readonly record struct TransactionCompare(KvCompareTarget Target, KvRelation Relation, TransactionKeys Keys,
    ReadOnlyMemory<byte> Operand);
