using System.Buffers.Binary;
using System.Numerics;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Storage;

/// <summary>
/// A record of the log, as it lies in a segment, little-endian:
/// <code>
/// length u32 | type u8 | entry kind u8 | flags u8 | 0 u8 | commit u32 | body | zeros to a multiple of 4 | previous CRC u32 | CRC32C u32
/// </code>
/// The length excludes the padding. The CRC covers everything before it, and begins with the salt of the segment, which no client knows: a
/// value cannot look like a record. The previous CRC chains the record to its predecessor, so that bytes of another offset, another segment
/// or an earlier log never continue a log, while every record can still be verified alone. The field commit has the low 32 bits of the
/// number of the commit that wrote the record. A flag marks a commit's last record: a commit counts as a whole or not at all.
/// </summary>
internal readonly ref struct WalRecord
{
    public const int HeaderBytes = 12;
    public const int TrailerBytes = 8;
    public const int EntryBodyBytes = 24;
    public const int Alignment = 4;
    public const int MinBytes = HeaderBytes + TrailerBytes;

    private const byte LastOfCommitFlag = 1;
    private const int FlagsOffset = 6;
    private const int CommitOffset = 8;

    private readonly ReadOnlySpan<byte> _bytes;

    private WalRecord(ReadOnlySpan<byte> bytes) => _bytes = bytes;

    /// <summary>The bytes it takes in the segment.</summary>
    public int Size => _bytes.Length;

    public WalRecordType Type => (WalRecordType)_bytes[4];

    public EntryKind Kind => (EntryKind)_bytes[5];

    public bool IsLastOfCommit => (_bytes[FlagsOffset] & LastOfCommitFlag) != 0;

    public uint Commit => BinaryPrimitives.ReadUInt32LittleEndian(_bytes[CommitOffset..]);

    public uint Previous => BinaryPrimitives.ReadUInt32LittleEndian(_bytes[^TrailerBytes..]);

    public uint Crc => BinaryPrimitives.ReadUInt32LittleEndian(_bytes[^4..]);

    /// <summary>Whether its checksum is right.</summary>
    /// <param name="salt">The salt of its segment.</param>
    public bool IsIntact(uint salt) => Crc == Crc32C.Continue(salt, _bytes[..^4]);

    public ReadOnlySpan<byte> Body => _bytes[HeaderBytes..(Length - TrailerBytes)];

    /// <summary>The id in an entry or a truncation; not valid for a vote.</summary>
    public EntryId Id => new(BinaryPrimitives.ReadInt64LittleEndian(Body[8..]), BinaryPrimitives.ReadInt64LittleEndian(Body));

    /// <summary>The log time of an entry, in milliseconds; not valid for other records.</summary>
    public long TimeMs => BinaryPrimitives.ReadInt64LittleEndian(Body[16..]);

    private int Length => (int)BinaryPrimitives.ReadUInt32LittleEndian(_bytes);

    public static int SizeOf(int bodyBytes) => Padded(HeaderBytes + bodyBytes) + TrailerBytes;

    /// <summary>
    /// The size of the record that starts here, or 0 if these bytes do not look like one of at most <paramref name="room"/> bytes. Does not
    /// verify the checksum.
    /// </summary>
    public static int PeekSize(ReadOnlySpan<byte> header, long room)
    {
        var length = BinaryPrimitives.ReadUInt32LittleEndian(header);
        if (length < MinBytes || length > room)
            return 0;
        var size = SizeOf((int)length - MinBytes);
        var type = (WalRecordType)header[4];
        if (size > room || header[FlagsOffset] > LastOfCommitFlag || header[7] != 0)
            return 0;
        var body = (int)length - MinBytes;
        return type switch
        {
            WalRecordType.Entry when body >= EntryBodyBytes && header[5] is >= (byte)EntryKind.NoOp and <= (byte)EntryKind.Configuration =>
                size,
            WalRecordType.Vote when body >= 10 && header[5] == 0 => size,
            WalRecordType.Truncate when body == 16 && header[5] == 0 => size,
            _ => 0,
        };
    }

    public static uint PeekCommit(ReadOnlySpan<byte> header) => BinaryPrimitives.ReadUInt32LittleEndian(header[CommitOffset..]);

    /// <summary>The record that starts here; its shape must have been checked by <see cref="PeekSize"/>.</summary>
    public static WalRecord At(ReadOnlySpan<byte> bytes) => new(bytes[..PeekSize(bytes, bytes.Length)]);

    /// <summary>
    /// Writes the beginning of a record of <see cref="SizeOf"/> bytes and returns its body; <see cref="Seal"/> finishes it.
    /// </summary>
    public static Span<byte> Begin(Span<byte> record, int bodyBytes, WalRecordType type, EntryKind kind = 0)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(record, (uint)(HeaderBytes + bodyBytes + TrailerBytes));
        record[4] = (byte)type;
        record[5] = (byte)kind;
        record[FlagsOffset] = 0;
        record[7] = 0;
        record[(HeaderBytes + bodyBytes)..].Clear();
        return record.Slice(HeaderBytes, bodyBytes);
    }

    /// <summary>Numbers and chains the records of a commit; returns the CRC of the last one.</summary>
    public static uint Seal(Span<byte> records, uint commit, uint previous, uint salt)
    {
        while (!records.IsEmpty)
        {
            var record = records[..SizeOf((int)BinaryPrimitives.ReadUInt32LittleEndian(records) - MinBytes)];
            records = records[record.Length..];
            record[FlagsOffset] = records.IsEmpty ? LastOfCommitFlag : (byte)0;
            BinaryPrimitives.WriteUInt32LittleEndian(record[CommitOffset..], commit);
            // The previous CRC is the last field before the CRC, so that the processor can checksum most of the next record before the CRC
            // of this one is known. It is taken from the register: reading back the bytes just written would be one more wait.
            BinaryPrimitives.WriteUInt32LittleEndian(record[^TrailerBytes..], previous);
            previous = ~BitOperations.Crc32C(~Crc32C.Continue(salt, record[..^TrailerBytes]), previous);
            BinaryPrimitives.WriteUInt32LittleEndian(record[^4..], previous);
        }
        return previous;
    }

    private static int Padded(int bytes) => (bytes + Alignment - 1) & -Alignment;
}
