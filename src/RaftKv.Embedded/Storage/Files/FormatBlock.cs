using System.Buffers.Binary;
using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Storage;

/// <summary>
/// The frame of every small file of this library, in all versions: magic u64 | format version u32 | length u32 | content | CRC32C u32,
/// where the length includes all five fields. A later version may change only the content, so that an older program recognises the file and
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

    /// <summary>Replaces a whole file with a block, atomically; durable when it returns.</summary>
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

    /// <summary>
    /// Checks the block at the start of <paramref name="bytes"/> and shortens the span to it. False if there is no valid block of this
    /// version.
    /// </summary>
    /// <exception cref="RaftKvStorageException"><see cref="RaftKvStorageError.NewerFormat"/></exception>
    public static bool TryOpen(ref ReadOnlySpan<byte> bytes, ulong magic, uint version, string path) =>
        TryOpen(ref bytes, magic, version, path, out var found) && found == version;

    /// <summary>
    /// As <see cref="TryOpen(ref ReadOnlySpan{byte}, ulong, uint, string)"/>, for a format with several versions that are readable.
    /// </summary>
    /// <param name="bytes">Begins with the block; shortened to it.</param>
    /// <param name="magic">The file's magic number.</param>
    /// <param name="newest">The newest readable version; all versions from 1 on are readable.</param>
    /// <param name="path">The path of the file, for the error message.</param>
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
