namespace RaftKv.Embedded;

/// <summary>
/// The largest key, value and transaction that the cluster accepts. The limits rise when the options of all members allow more, and never
/// fall.
/// </summary>
public sealed record RaftKvLimits
{
    internal static RaftKvLimits Default { get; } = Of(new RaftKvOptions());

    /// <summary>The longest key, in bytes of its UTF-8.</summary>
    public required int MaxKeyBytes { get; init; }

    /// <summary>The largest value, in bytes.</summary>
    public required int MaxValueBytes { get; init; }

    /// <summary>The largest transaction with all its keys and values, in bytes.</summary>
    public required int MaxTransactionBytes { get; init; }

    private static RaftKvLimits Of(RaftKvOptions options) => new()
    {
        MaxKeyBytes = options.MaxKeyBytes,
        MaxValueBytes = options.MaxValueBytes,
        MaxTransactionBytes = options.MaxTransactionBytes,
    };
}
