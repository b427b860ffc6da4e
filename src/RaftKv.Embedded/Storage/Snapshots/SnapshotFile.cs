using System.Buffers.Binary;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Primitives;
using RaftKv.Embedded.Records;

namespace RaftKv.Embedded.Storage;

/// <summary>
/// The format of a snapshot, on disk and on the wire, little-endian:
/// <code>
/// header   "RKVSNAP\0" | format u32 = 1 | length of the rest u32 | cluster id, 16 bytes | last term i64 | last index i64 | log time i64
///          | configuration index i64 | key count i64 | configuration, to the end | CRC32C of all before u32
/// chunk    kind u32 | length u32 | payload | CRC32C u32, of this chunk and, through its seed, of everything before it
/// </code>
/// Chunks come in the order records, sessions, expiry (only when there are leases), end. A records chunk is a run of whole records:
/// <code>
/// flags u8 (1 deletion, 2 lifetime, 4 sliding, only with 2) | key length u16 | value length u32 | version i64 | create version i64
///          | write count i64 | [expires at i64 | lease i64] | [sliding i64 | expires by i64] | key | value
///          (a deletion has only flags, key length and key)
/// </code>
/// Of several records of one key the last one counts. The payloads of the sessions chunks together are the encoded session table, those of
/// the expiry chunks the encoded table of leases. The end chunk has the number of records i64, the number of deletions i64 and the bytes of
/// the session table i64; nothing follows it.
/// </summary>
internal static class SnapshotFile
{
    public const uint FormatVersion = 1;
    public const int PrefixBytes = 16;
    public const int FixedHeaderBytes = 16 + 5 * sizeof(long);
    public const int MaxHeaderBytes = 1024 * 1024;
    public const int ChunkFrameBytes = 2 * sizeof(uint);
    public const int ChecksumBytes = sizeof(uint);
    public const int EndBytes = 3 * sizeof(long);

    /// <summary>The largest payload of a chunk, in bytes, except that a larger record has a chunk of its own.</summary>
    public const int ChunkBytes = 1024 * 1024;

    public const int MaxValueBytes = 16 * 1024 * 1024;
    public const int MaxRecordBytes = SlidingRecordBytes + ushort.MaxValue + MaxValueBytes;
    public const int MaxChunkBytes = ChunkBytes + MaxRecordBytes;
    public const int MaxSessionBytes = 96 * 1024 * 1024;

    public const int DeletionRecordBytes = 1 + sizeof(ushort);
    public const int RecordBytes = DeletionRecordBytes + sizeof(uint) + 3 * sizeof(long);
    public const int LifetimeRecordBytes = RecordBytes + 2 * sizeof(long);
    public const int SlidingRecordBytes = LifetimeRecordBytes + 2 * sizeof(long);
    public const int MaxLeaseBytes = 4 * 1024 * 1024;

    private const byte DeletionFlag = 1;
    private const byte LifetimeFlag = 2;
    private const byte SlidingFlag = 4;

    public static ReadOnlySpan<byte> Magic => "RKVSNAP\0"u8;

    public enum ChunkKind : uint
    {
        Records = 1,
        Sessions = 2,
        Expiry = 3,
        End = 4,
    }

    public static byte[] EncodeHeader(Guid clusterId, KvState state, long keyCount)
    {
        var configuration = state.Configuration.Encode();
        var bytes = new byte[PrefixBytes + FixedHeaderBytes + configuration.Length + ChecksumBytes];
        Magic.CopyTo(bytes);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(8), FormatVersion);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(12), (uint)(FixedHeaderBytes + configuration.Length));
        var body = bytes.AsSpan(PrefixBytes);
        clusterId.TryWriteBytes(body);
        BinaryPrimitives.WriteInt64LittleEndian(body[16..], state.Last.Term);
        BinaryPrimitives.WriteInt64LittleEndian(body[24..], state.Last.Index);
        BinaryPrimitives.WriteInt64LittleEndian(body[32..], state.LogTimeMs);
        BinaryPrimitives.WriteInt64LittleEndian(body[40..], state.ConfigurationIndex);
        BinaryPrimitives.WriteInt64LittleEndian(body[48..], keyCount);
        configuration.CopyTo(body[FixedHeaderBytes..]);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(bytes.Length - ChecksumBytes),
            Crc32C.Compute(bytes.AsSpan(0, bytes.Length - ChecksumBytes)));
        return bytes;
    }

    /// <summary>Reads what follows the prefix of a header whose checksum was verified.</summary>
    /// <exception cref="FormatException">The configuration is malformed.</exception>
    public static SnapshotContent DecodeHeader(ReadOnlySpan<byte> body)
    {
        var last = new EntryId(BinaryPrimitives.ReadInt64LittleEndian(body[16..]), BinaryPrimitives.ReadInt64LittleEndian(body[24..]));
        var state = new KvState(
            last,
            BinaryPrimitives.ReadInt64LittleEndian(body[32..]),
            ClusterConfiguration.Decode(body[FixedHeaderBytes..]),
            BinaryPrimitives.ReadInt64LittleEndian(body[40..]),
            default);
        return new SnapshotContent(new Guid(body[..16]), state, BinaryPrimitives.ReadInt64LittleEndian(body[48..]));
    }

    public static int SizeOf(int keyBytes, in RecordHeader header, int valueBytes, bool deleted) => keyBytes + (deleted
        ? DeletionRecordBytes
        : FixedBytes(FlagsOf(header)) + valueBytes);

    public static void WriteRecord(Span<byte> to, ReadOnlySpan<byte> key, in RecordHeader header, ReadOnlySpan<byte> value, bool deleted)
    {
        var flags = to[0] = deleted ? DeletionFlag : FlagsOf(header);
        BinaryPrimitives.WriteUInt16LittleEndian(to[1..], checked((ushort)key.Length));
        to = to[DeletionRecordBytes..];
        if (!deleted)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(to, (uint)value.Length);
            BinaryPrimitives.WriteInt64LittleEndian(to[4..], header.Version);
            BinaryPrimitives.WriteInt64LittleEndian(to[12..], header.CreateVersion);
            BinaryPrimitives.WriteInt64LittleEndian(to[20..], header.WriteCount);
            to = to[(RecordBytes - DeletionRecordBytes)..];
        }
        if ((flags & LifetimeFlag) != 0)
        {
            BinaryPrimitives.WriteInt64LittleEndian(to, header.ExpiresAtMs);
            BinaryPrimitives.WriteInt64LittleEndian(to[8..], header.LeaseId);
            to = to[(LifetimeRecordBytes - RecordBytes)..];
        }
        if ((flags & SlidingFlag) != 0)
        {
            BinaryPrimitives.WriteInt64LittleEndian(to, header.SlidingMs);
            BinaryPrimitives.WriteInt64LittleEndian(to[8..], header.ExpiresByMs);
            to = to[(SlidingRecordBytes - LifetimeRecordBytes)..];
        }
        key.CopyTo(to);
        value.CopyTo(to[key.Length..]);
    }

    /// <summary>Reads one record and advances <paramref name="from"/> behind it; false when the bytes are not a record.</summary>
    public static bool TryReadRecord(ref ReadOnlySpan<byte> from, out ReadOnlySpan<byte> key, out RecordHeader header,
        out ReadOnlySpan<byte> value, out bool deleted)
    {
        key = value = default;
        header = default;
        deleted = false;
        if (from.Length < DeletionRecordBytes || from[0] is not (0 or DeletionFlag or LifetimeFlag or (LifetimeFlag | SlidingFlag)))
            return false;
        var flags = from[0];
        deleted = flags == DeletionFlag;
        var fixedBytes = FixedBytes(flags);
        if (from.Length < fixedBytes)
            return false;
        var keyBytes = BinaryPrimitives.ReadUInt16LittleEndian(from[1..]);
        var valueBytes = deleted ? 0 : BinaryPrimitives.ReadUInt32LittleEndian(from[3..]);
        if (keyBytes == 0 || (ulong)fixedBytes + keyBytes + valueBytes > (ulong)from.Length)
            return false;
        if (!deleted)
            header = ReadHeader(from[7..], flags);
        key = from.Slice(fixedBytes, keyBytes);
        value = from.Slice(fixedBytes + keyBytes, (int)valueBytes);
        from = from[(fixedBytes + keyBytes + (int)valueBytes)..];
        return true;
    }

    private static RecordHeader ReadHeader(ReadOnlySpan<byte> from, byte flags)
    {
        var header = new RecordHeader(
            BinaryPrimitives.ReadInt64LittleEndian(from),
            BinaryPrimitives.ReadInt64LittleEndian(from[8..]),
            BinaryPrimitives.ReadInt64LittleEndian(from[16..]));
        if ((flags & LifetimeFlag) != 0)
        {
            header = header with
            {
                ExpiresAtMs = BinaryPrimitives.ReadInt64LittleEndian(from[24..]),
                LeaseId = BinaryPrimitives.ReadInt64LittleEndian(from[32..]),
            };
        }
        if ((flags & SlidingFlag) != 0)
        {
            header = header with
            {
                SlidingMs = BinaryPrimitives.ReadInt64LittleEndian(from[40..]),
                ExpiresByMs = BinaryPrimitives.ReadInt64LittleEndian(from[48..]),
            };
        }
        return header;
    }

    private static int FixedBytes(byte flags) => flags switch
    {
        DeletionFlag => DeletionRecordBytes,
        0 => RecordBytes,
        LifetimeFlag => LifetimeRecordBytes,
        _ => SlidingRecordBytes,
    };

    private static byte FlagsOf(in RecordHeader header) =>
        !header.HasLifetime ? (byte)0 : header.SlidingMs == 0 ? LifetimeFlag : (byte)(LifetimeFlag | SlidingFlag);
}
