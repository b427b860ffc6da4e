using System.Buffers.Binary;

namespace RaftKv.Embedded.Storage;

/// <summary>
/// What a node keeps of its peers' data directories across its own restarts (file <c>peers</c>): a <see cref="FormatBlock"/> with
/// <code>u16 count | count × (incarnation 16 | starts i64 | start id i64 | term i64 | match i64 | flags u8, 1: has voted)</code>
/// </summary>
internal static class PeerRecordFile
{
    public const string FileName = "peers";

    /// <summary>The most peers that are recorded.</summary>
    public const int MaxRecords = 64;

    private const uint FormatVersion = 1;
    private const int RecordBytes = 16 + (4 * 8) + 1;
    private const int RecordsOffset = FormatBlock.PrefixBytes + 2;

    private static ulong Magic => BinaryPrimitives.ReadUInt64LittleEndian("RaftKvPr"u8);

    /// <summary>Reads the records; empty if there is no file.</summary>
    /// <exception cref="RaftKvStorageException"><see cref="RaftKvStorageError.Damaged"/> or NewerFormat.</exception>
    public static IReadOnlyList<PeerRecord> Load(IFileSystem fs, string directory)
    {
        var path = Path.Combine(directory, FileName);
        if (!fs.FileExists(path))
            return [];
        var buffer = new byte[RecordsOffset + (MaxRecords * RecordBytes) + FormatBlock.ChecksumBytes];
        using var file = fs.Open(path, FileOpenMode.Read);
        ReadOnlySpan<byte> block = buffer.AsSpan(0, file.Read(0, buffer));
        if (!FormatBlock.TryOpen(ref block, Magic, FormatVersion, path) || block.Length < RecordsOffset + FormatBlock.ChecksumBytes)
            throw Damaged(path);
        var count = BinaryPrimitives.ReadUInt16LittleEndian(block[FormatBlock.PrefixBytes..]);
        if (block.Length != RecordsOffset + (count * RecordBytes) + FormatBlock.ChecksumBytes)
            throw Damaged(path);
        var records = new PeerRecord[count];
        for (var i = 0; i < count; i++)
            records[i] = Read(block.Slice(RecordsOffset + (i * RecordBytes), RecordBytes));
        return records;
    }

    /// <summary>Writes the records; durable when it returns.</summary>
    public static void Save(IFileSystem fs, string directory, IReadOnlyList<PeerRecord> records)
    {
        var block = new byte[RecordsOffset + (records.Count * RecordBytes) + FormatBlock.ChecksumBytes];
        BinaryPrimitives.WriteUInt16LittleEndian(block.AsSpan(FormatBlock.PrefixBytes), (ushort)records.Count);
        for (var i = 0; i < records.Count; i++)
            Write(block.AsSpan(RecordsOffset + (i * RecordBytes), RecordBytes), records[i]);
        FormatBlock.Seal(block, Magic, FormatVersion);
        FormatBlock.Replace(fs, directory, FileName, block);
    }

    private static PeerRecord Read(ReadOnlySpan<byte> from) => new(new Guid(from[..16]), BinaryPrimitives.ReadInt64LittleEndian(from[16..]),
        BinaryPrimitives.ReadInt64LittleEndian(from[24..]), BinaryPrimitives.ReadInt64LittleEndian(from[32..]), (from[48] & 1) != 0,
        BinaryPrimitives.ReadInt64LittleEndian(from[40..]));

    private static void Write(Span<byte> to, in PeerRecord record)
    {
        record.Incarnation.TryWriteBytes(to);
        BinaryPrimitives.WriteInt64LittleEndian(to[16..], record.Starts);
        BinaryPrimitives.WriteInt64LittleEndian(to[24..], record.StartId);
        BinaryPrimitives.WriteInt64LittleEndian(to[32..], record.Term);
        BinaryPrimitives.WriteInt64LittleEndian(to[40..], record.Match);
        to[48] = record.HasVoted ? (byte)1 : (byte)0;
    }

    private static RaftKvStorageException Damaged(string path) =>
        new(RaftKvStorageError.Damaged, $"{path} is damaged: what this node has seen of its peers is unknown. {Wal.DamageAdvice}");
}
