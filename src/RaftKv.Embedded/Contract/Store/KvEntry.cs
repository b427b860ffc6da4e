namespace RaftKv.Embedded;

/// <summary>One key met by a scan.</summary>
/// <param name="Key">The key.</param>
/// <param name="Value">Its value; empty for <see cref="KvScanOptions.KeysOnly"/>.</param>
/// <param name="Version">The version of its last write; <see cref="KvVersion.None"/> for <see cref="KvScanOptions.KeysOnly"/>.</param>
public readonly record struct KvEntry(string Key, ReadOnlyMemory<byte> Value, KvVersion Version)
{
    /// <summary>
    /// From when on the key may be removed, by the wall clock of the node that was asked; <c>null</c> when it does not expire, and for <see
    /// cref="KvScanOptions.KeysOnly"/>.
    /// </summary>
    public DateTimeOffset? ExpiresAt { get; init; }
}
