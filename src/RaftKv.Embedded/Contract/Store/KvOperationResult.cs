namespace RaftKv.Embedded;

/// <summary>The result of one operation of a transaction. The kind of the operation determines which of the properties is set.</summary>
public readonly record struct KvOperationResult
{
    /// <summary>The kind of the operation.</summary>
    public KvTransactionOperationKind Kind { get; init; }

    /// <summary>The key of the operation; <c>null</c> for a range.</summary>
    public string? Key { get; init; }

    /// <summary>For a get: the result of the read. <see cref="KvGetResult.ReadAt"/> is the transaction's version.</summary>
    public KvGetResult Read { get; init; }

    /// <summary>For a delete: how many keys were deleted.</summary>
    public int Deleted { get; init; }

    /// <summary>For an increment: the new number.</summary>
    public long Number { get; init; }
}
