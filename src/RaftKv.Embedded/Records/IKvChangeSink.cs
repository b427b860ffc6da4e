namespace RaftKv.Embedded.Records;

/// <summary>
/// Receives every change of a record, on the apply thread and in the order of the log, just before the store changes. The changes are
/// final: their entries are committed. The spans are valid only during the call.
/// </summary>
internal interface IKvChangeSink
{
    /// <param name="key">The record's key.</param>
    /// <param name="before">The header that the store still holds; version 0 when the key does not exist.</param>
    /// <param name="header">The new header; its version is the entry's index.</param>
    /// <param name="value">The new value.</param>
    void Putting(ReadOnlySpan<byte> key, in RecordHeader before, in RecordHeader header, ReadOnlySpan<byte> value);

    /// <param name="key">The record's key.</param>
    /// <param name="before">The header that the store still holds.</param>
    /// <param name="kind">Why the record is removed: never <see cref="KvChangeKind.Put"/>.</param>
    /// <param name="index">The entry that removes it.</param>
    void Erasing(ReadOnlySpan<byte> key, in RecordHeader before, KvChangeKind kind, long index);

    /// <summary>
    /// The store holds everything that entry <paramref name="index"/> changed. Not called for entries that changed nothing.
    /// </summary>
    void EntryEnded(long index);
}
