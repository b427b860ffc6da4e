namespace RaftKv.Embedded.Log;

/// <summary>One entry of the log.</summary>
/// <param name="Term">The term of the leader that created it.</param>
/// <param name="Index">Its position, from 1, without gaps.</param>
/// <param name="TimeMs">Log time in Unix milliseconds, stamped by the leader; never decreases along the log.</param>
/// <param name="Kind">What <paramref name="Payload"/> is.</param>
/// <param name="Payload">The bytes; immutable once the entry exists.</param>
internal readonly record struct LogEntry(long Term, long Index, long TimeMs, EntryKind Kind, ReadOnlyMemory<byte> Payload)
{
    /// <summary>What an entry costs besides its payload, in log, memory and wire; used for every limit in bytes.</summary>
    public const int OverheadBytes = 48;

    public EntryId Id => new(Term, Index);

    public int Size => OverheadBytes + Payload.Length;
}
