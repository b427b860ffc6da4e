namespace RaftKv.Embedded;

/// <summary>Which condition of a transaction did not hold.</summary>
public sealed record KvFailedCompare
{
    /// <summary>Its place in <see cref="KvTransaction.Compares"/>, from 0.</summary>
    public required int Index { get; init; }

    /// <summary>
    /// The key for which it did not hold; for a range, the first such key in the order of the range, and <c>null</c> when the range has no
    /// keys.
    /// </summary>
    public string? Key { get; init; }
}
