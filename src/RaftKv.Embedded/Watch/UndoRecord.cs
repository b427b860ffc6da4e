using RaftKv.Embedded.Records;

namespace RaftKv.Embedded.Watch;

/// <summary>What a key held until an entry changed it.</summary>
/// <param name="Key">The key; <c>null</c> comes after every key, to ask for ranges without an end.</param>
/// <param name="Until">The entry that changed it.</param>
/// <param name="Header">Its header before; version 0: the key did not exist.</param>
/// <param name="Value">Its value before.</param>
internal sealed record UndoRecord(byte[]? Key, long Until, RecordHeader Header = default, byte[]? Value = null)
{
    private const int OverheadBytes = 200;

    public static IComparer<UndoRecord> Order { get; } = Comparer<UndoRecord>.Create(static (a, b) =>
    {
        var order = a.Key is null || b.Key is null ? (a.Key is null).CompareTo(b.Key is null) : a.Key.AsSpan().SequenceCompareTo(b.Key);
        return order != 0 ? order : a.Until.CompareTo(b.Until);
    });

    public bool Existed => Header.Version != 0;

    /// <summary>What it takes in memory, roughly.</summary>
    public long Bytes => OverheadBytes + Key!.Length + (Value?.Length ?? 0);
}
