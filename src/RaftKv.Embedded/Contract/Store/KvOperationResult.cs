namespace RaftKv.Embedded;

/// <summary>What one operation of a transaction gave. Which of the properties says something follows from the operation.</summary>
public readonly record struct KvOperationResult
{
    /// <summary>Of a get: what it read. <see cref="KvGetResult.ReadAt"/> is the transaction's version.</summary>
    public KvGetResult Read { get; init; }

    /// <summary>Of a delete: how many keys went.</summary>
    public int Deleted { get; init; }

    /// <summary>Of an increment: the new number.</summary>
    public long Number { get; init; }
}
