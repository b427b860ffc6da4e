using System.Buffers.Binary;
using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Storage;

/// <summary>
/// The frame of every small file of this library, in all versions: magic u64 | format version u32 | length u32 | content | CRC32C u32,
/// where the length is that of all five. A later version may change the content only, so that an older program recognises the file and
/// refuses it.
/// </summary>
internal static class FormatBlock
{
    public const int PrefixBytes = 16;
    public const int ChecksumBytes = 4;

    public static void Seal(Span<byte> block, ulong magic, uint version)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(block, magic);
        BinaryPrimitives.WriteUInt32LittleEndian(block[8..], version);
        BinaryPrimitives.WriteUInt32LittleEndian(block[12..], (uint)block.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(block[^ChecksumBytes..], Crc32C.Compute(block[..^ChecksumBytes]));
    }

    /// <summary>Puts a block in the place of a whole file; durable when it returns.</summary>
    public static void Replace(IFileSystem fs, string directory, string name, ReadOnlySpan<byte> block)
    {
        var path = Path.Combine(directory, name);
        using (var file = fs.Open(path + ".tmp", FileOpenMode.Create))
        {
            file.Write(0, block);
            file.Sync();
        }
        fs.Rename(path + ".tmp", path);
        fs.SyncDirectory(directory);
    }

    /// <summary>Checks the block at the start of <paramref name="bytes"/> and cuts them to it; false if there is none.</summary>
    /// <exception cref="RaftKvStorageException"><see cref="RaftKvStorageError.NewerFormat"/></exception>
    public static bool TryOpen(ref ReadOnlySpan<byte> bytes, ulong magic, uint version, string path) =>
        TryOpen(ref bytes, magic, version, path, out var found) && found == version;

    /// <summary>
    /// As <see cref="TryOpen(ref ReadOnlySpan{byte}, ulong, uint, string)"/>, for a format with several versions that are readable.
    /// </summary>
    /// <param name="bytes">Begins with the block; cut to it.</param>
    /// <param name="magic">The file's magic number.</param>
    /// <param name="newest">The newest version that is readable; all from 1 on are.</param>
    /// <param name="path">For the error.</param>
    /// <param name="found">The version of the block.</param>
    /// <exception cref="RaftKvStorageException"><see cref="RaftKvStorageError.NewerFormat"/></exception>
    public static bool TryOpen(ref ReadOnlySpan<byte> bytes, ulong magic, uint newest, string path, out uint found)
    {
        found = 0;
        if (bytes.Length < PrefixBytes + ChecksumBytes || BinaryPrimitives.ReadUInt64LittleEndian(bytes) != magic)
            return false;
        var length = BinaryPrimitives.ReadUInt32LittleEndian(bytes[12..]);
        if (length < PrefixBytes + ChecksumBytes || length > bytes.Length)
            return false;
        var block = bytes[..(int)length];
        if (BinaryPrimitives.ReadUInt32LittleEndian(block[^ChecksumBytes..]) != Crc32C.Compute(block[..^ChecksumBytes]))
            return false;
        found = BinaryPrimitives.ReadUInt32LittleEndian(block[8..]);
        if (found > newest)
        {
            throw new RaftKvStorageException(RaftKvStorageError.NewerFormat,
                $"{path} has format {found}; this version of the library reads up to {newest}. Nothing was changed: start the node "
                    + "with the version that wrote it, or a later one.");
        }
        bytes = block;
        return found > 0;
    }
}
