using RaftKv.Embedded.Records;

namespace RaftKv.Embedded.Watch;

/// <summary>The record of a key before an entry changed it.</summary>
/// <param name="Key">The key; <c>null</c> sorts after every key, as the bound of a range without an end.</param>
/// <param name="Until">The entry that changed the record.</param>
/// <param name="Header">The header before the change; version 0 when the key did not exist.</param>
/// <param name="Value">The value before the change.</param>
internal sealed record UndoRecord(byte[]? Key, long Until, RecordHeader Header = default, byte[]? Value = null)
{
    private const int OverheadBytes = 200;

    public static IComparer<UndoRecord> Order { get; } = Comparer<UndoRecord>.Create(static (a, b) =>
    {
        var order = a.Key is null || b.Key is null ? (a.Key is null).CompareTo(b.Key is null) : a.Key.AsSpan().SequenceCompareTo(b.Key);
        return order != 0 ? order : a.Until.CompareTo(b.Until);
    });

    public bool Existed => Header.Version != 0;

    /// <summary>Memory of the record in bytes, roughly.</summary>
    public long Bytes => OverheadBytes + Key!.Length + (Value?.Length ?? 0);
}
