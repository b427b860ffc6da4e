namespace RaftKv.Embedded;

/// <summary>
/// An operation of a <see cref="KvTransactionBranch"/>. Two operations are equal when all properties are; values are compared byte by byte.
/// </summary>
public readonly record struct KvTransactionOperation
{
    /// <summary>What it does.</summary>
    public required KvTransactionOperationKind Kind { get; init; }

    /// <summary>The key; <c>null</c> when it is for a <see cref="Range"/>.</summary>
    public string? Key { get; init; }

    /// <summary>The keys of a <see cref="KvTransactionOperationKind.DeleteRange"/>.</summary>
    public KvKeyRange Range { get; init; }

    /// <summary>What a <see cref="KvTransactionOperationKind.Set"/> stores.</summary>
    public ReadOnlyMemory<byte> Value { get; init; }

    /// <summary>How long a <see cref="KvTransactionOperationKind.Set"/> makes the key live.</summary>
    public KvSetOptions Options { get; init; }

    /// <summary>What an <see cref="KvTransactionOperationKind.Increment"/> adds.</summary>
    public long Delta { get; init; }

    /// <summary>What an <see cref="KvTransactionOperationKind.Increment"/> does when the key does not exist.</summary>
    public KvIncrementOptions IncrementOptions { get; init; }

    /// <summary>Whether the library itself writes a reserved key.</summary>
    internal bool IsReserved { get; init; }

    /// <inheritdoc/>
    public bool Equals(KvTransactionOperation other) => Kind == other.Kind && Key == other.Key && Range == other.Range
        && Options == other.Options && Delta == other.Delta && IncrementOptions == other.IncrementOptions
        && IsReserved == other.IsReserved
        && Value.Span.SequenceEqual(other.Value.Span);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Kind, Key, Range, Delta, Value.Length);
}
