namespace RaftKv.Embedded;

/// <summary>The result of one operation of a transaction. Which of the properties is set follows from the operation.</summary>
public readonly record struct KvOperationResult
{
    /// <summary>What the operation did.</summary>
    public KvTransactionOperationKind Kind { get; init; }

    /// <summary>The key of the operation; <c>null</c> for a range.</summary>
    public string? Key { get; init; }

    /// <summary>Of a get: what it read. <see cref="KvGetResult.ReadAt"/> is the transaction's version.</summary>
    public KvGetResult Read { get; init; }

    /// <summary>Of a delete: how many keys were deleted.</summary>
    public int Deleted { get; init; }

    /// <summary>Of an increment: the new number.</summary>
    public long Number { get; init; }
}
