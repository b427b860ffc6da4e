using System.Buffers.Binary;
using RaftKv.Embedded.Primitives;
using RaftKv.Embedded.Storage;

namespace RaftKv.Fuzz.Targets;

/// <summary>Corrects the checksum of the format block at the start of the bytes.</summary>
internal static class BlockChecksums
{
    /// <param name="stretch">True sets the block's length to that of the bytes. False keeps the length that the block has, if it is
    /// possible.</param>
    /// <returns>The block's length, or 0 if there is none.</returns>
    public static int Reseal(Span<byte> bytes, bool stretch)
    {
        if (bytes.Length < FormatBlock.PrefixBytes + FormatBlock.ChecksumBytes)
            return 0;
        if (stretch)
            BinaryPrimitives.WriteUInt32LittleEndian(bytes[12..], (uint)bytes.Length);
        var length = BinaryPrimitives.ReadUInt32LittleEndian(bytes[12..]);
        if (length < FormatBlock.PrefixBytes + FormatBlock.ChecksumBytes || length > bytes.Length)
            return 0;
        var block = bytes[..(int)length];
        BinaryPrimitives.WriteUInt32LittleEndian(block[^FormatBlock.ChecksumBytes..], Crc32C.Compute(block[..^FormatBlock.ChecksumBytes]));
        return (int)length;
    }
}
