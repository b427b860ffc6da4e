using System.Buffers.Binary;
using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Storage;

/// <summary>
/// The beginning of a segment. It has everything that is needed to read the segment after all earlier ones are deleted. A
/// <see cref="FormatBlock"/> with
/// <code>
/// sequence i64 | segment bytes i64 | commit i64 | previous CRC u32 | flags u32 | base index i64 | base term i64 | salt u32 | vote
/// </code>
/// The first version has no salt.
/// </summary>
/// <param name="Sequence">Its number, from 1, without gaps; also its name.</param>
/// <param name="Bytes">The length of the file, zeros included; a shorter file was cut off.</param>
/// <param name="Commit">The last commit before its first record.</param>
/// <param name="Previous">The CRC its predecessor ends with.</param>
/// <param name="IsReset">The log restarts here, behind an installed snapshot; older segments are not part of it.</param>
/// <param name="Base">The last entry of the log before its first record.</param>
/// <param name="Vote">Term and vote before its first record.</param>
/// <param name="Salt">
/// Random; the checksums of the segment's records begin with it, so that no value of a client looks like a record. 0: none, the first
/// version of the format.
/// </param>
internal sealed record WalSegmentHeader(long Sequence, long Bytes, long Commit, uint Previous, bool IsReset, EntryId Base, WalVote Vote,
    uint Salt = 0)
{
    public const int MaxBytes = 256;

    private const uint Unsalted = 1;
    private const uint Salted = 2;
    private const int SaltOffset = 64;
    private const int SaltBytes = sizeof(uint);

    private static ulong Magic => BinaryPrimitives.ReadUInt64LittleEndian("RaftKvWL"u8);

    /// <summary>Writes it to the END of <paramref name="room"/>, in front of the first records, and returns its size.</summary>
    public int WriteBefore(Span<byte> room, out uint crc)
    {
        var voteOffset = SaltOffset + (Salt == 0 ? 0 : SaltBytes);
        var size = (voteOffset + Vote.Size + WalRecord.Alignment - 1) / WalRecord.Alignment * WalRecord.Alignment
            + FormatBlock.ChecksumBytes;
        var block = room[^size..];
        block.Clear();
        BinaryPrimitives.WriteInt64LittleEndian(block[16..], Sequence);
        BinaryPrimitives.WriteInt64LittleEndian(block[24..], Bytes);
        BinaryPrimitives.WriteInt64LittleEndian(block[32..], Commit);
        BinaryPrimitives.WriteUInt32LittleEndian(block[40..], Previous);
        BinaryPrimitives.WriteUInt32LittleEndian(block[44..], IsReset ? 1u : 0u);
        BinaryPrimitives.WriteInt64LittleEndian(block[48..], Base.Index);
        BinaryPrimitives.WriteInt64LittleEndian(block[56..], Base.Term);
        if (Salt != 0)
            BinaryPrimitives.WriteUInt32LittleEndian(block[SaltOffset..], Salt);
        Vote.Write(block[voteOffset..]);
        FormatBlock.Seal(block, Magic, Salt == 0 ? Unsalted : Salted);
        crc = BinaryPrimitives.ReadUInt32LittleEndian(block[^FormatBlock.ChecksumBytes..]);
        return size;
    }

    /// <summary>Null if the bytes do not begin with a whole header, or if its values are impossible.</summary>
    /// <exception cref="RaftKvStorageException"><see cref="RaftKvStorageError.NewerFormat"/></exception>
    public static WalSegmentHeader? Read(ReadOnlySpan<byte> bytes, string path, out int size, out uint crc)
    {
        (size, crc) = (0, 0);
        var block = bytes;
        if (!FormatBlock.TryOpen(ref block, Magic, Salted, path, out var version))
            return null;
        var voteOffset = SaltOffset + (version == Unsalted ? 0 : SaltBytes);
        if (block.Length < voteOffset + FormatBlock.ChecksumBytes
            || !WalVote.TryRead(block[voteOffset..^FormatBlock.ChecksumBytes], out var vote))
            return null;
        var header = new WalSegmentHeader(
            BinaryPrimitives.ReadInt64LittleEndian(block[16..]),
            BinaryPrimitives.ReadInt64LittleEndian(block[24..]),
            BinaryPrimitives.ReadInt64LittleEndian(block[32..]),
            BinaryPrimitives.ReadUInt32LittleEndian(block[40..]),
            (BinaryPrimitives.ReadUInt32LittleEndian(block[44..]) & 1) != 0,
            new EntryId(BinaryPrimitives.ReadInt64LittleEndian(block[56..]), BinaryPrimitives.ReadInt64LittleEndian(block[48..])),
            vote,
            version == Unsalted ? 0 : BinaryPrimitives.ReadUInt32LittleEndian(block[SaltOffset..]));
        if (header.Bytes < block.Length || header.Commit < 0 || header.Base.Index < 0 || header.Base.Term < 0)
            return null;
        size = block.Length;
        crc = BinaryPrimitives.ReadUInt32LittleEndian(block[^FormatBlock.ChecksumBytes..]);
        return header;
    }
}
