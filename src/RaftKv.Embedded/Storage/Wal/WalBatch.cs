using System.Buffers.Binary;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Storage;

/// <summary>
/// The encoded records of the next commit, with room for a segment header in front of them. Reused for every commit; the buffer of an
/// unusually large commit is released.
/// </summary>
internal sealed class WalBatch
{
    private const int Room = WalSegmentHeader.MaxBytes;
    private const int UsualBytes = 64 * 1024;
    private const int KeptBytes = 4 * 1024 * 1024;

    /// <summary>The largest commit, in bytes; far above every limit on the entries that may wait for a commit.</summary>
    private const int MaxBytes = 1 << 30;

    private byte[] _bytes = GC.AllocateUninitializedArray<byte>(UsualBytes);
    private int _end = Room;

    /// <summary>Whether one of the entries is a configuration.</summary>
    public bool HasConfiguration { get; private set; }

    public bool IsEmpty => _end == Room;

    public int Length => _end - Room;

    public Span<byte> Records => _bytes.AsSpan(Room, Length);

    public void AddEntry(in LogEntry entry)
    {
        HasConfiguration |= entry.Kind == EntryKind.Configuration;
        var payload = entry.Payload.Span;
        var body = Begin(WalRecord.EntryBodyBytes + payload.Length, WalRecordType.Entry, entry.Kind);
        WriteId(body, entry.Id);
        BinaryPrimitives.WriteInt64LittleEndian(body[16..], entry.TimeMs);
        payload.CopyTo(body[WalRecord.EntryBodyBytes..]);
    }

    public void AddVote(WalVote vote) => vote.Write(Begin(vote.Size, WalRecordType.Vote));

    public void AddTruncation(EntryId last) => WriteId(Begin(16, WalRecordType.Truncate), last);

    /// <summary>The header in front of the records, and the records.</summary>
    public ReadOnlySpan<byte> WithHeader(int headerBytes) => _bytes.AsSpan(Room - headerBytes, headerBytes + Length);

    /// <summary>The room for a header, which is written to its end.</summary>
    public Span<byte> HeaderRoom => _bytes.AsSpan(0, Room);

    public void Clear()
    {
        _end = Room;
        HasConfiguration = false;
        if (_bytes.Length > KeptBytes)
            _bytes = GC.AllocateUninitializedArray<byte>(UsualBytes);
    }

    private static void WriteId(Span<byte> body, EntryId id)
    {
        BinaryPrimitives.WriteInt64LittleEndian(body, id.Index);
        BinaryPrimitives.WriteInt64LittleEndian(body[8..], id.Term);
    }

    private Span<byte> Begin(int bodyBytes, WalRecordType type, EntryKind kind = 0)
    {
        var size = WalRecord.SizeOf(bodyBytes);
        Invariant.Holds((long)_end + size <= MaxBytes, "a commit is bounded");
        if (_end + size > _bytes.Length)
            Array.Resize(ref _bytes, (int)Math.Min(MaxBytes, Math.Max((long)_bytes.Length * 2, _end + size)));
        var record = _bytes.AsSpan(_end, size);
        _end += size;
        return WalRecord.Begin(record, bodyBytes, type, kind);
    }
}
