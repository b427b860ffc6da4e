namespace RaftKv.Embedded;

/// <summary>One key found by a scan. Two entries are equal when all properties are; values are compared byte by byte.</summary>
public readonly record struct KvEntry
{
    /// <summary>The key.</summary>
    public required string Key { get; init; }

    /// <summary>Its value; empty for <see cref="KvScanOptions.KeysOnly"/>.</summary>
    public ReadOnlyMemory<byte> Value { get; init; }

    /// <summary>The version of its last write; <see cref="KvVersion.None"/> for <see cref="KvScanOptions.KeysOnly"/>.</summary>
    public KvVersion Version { get; init; }

    /// <summary>
    /// From when on the key may be removed, by the wall clock of the node that was asked; <c>null</c> when it does not expire, and for
    /// <see cref="KvScanOptions.KeysOnly"/>.
    /// </summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <inheritdoc/>
    public bool Equals(KvEntry other) => Key == other.Key && Version == other.Version && ExpiresAt == other.ExpiresAt
        && Value.Span.SequenceEqual(other.Value.Span);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Key, Version, Value.Length);
}
