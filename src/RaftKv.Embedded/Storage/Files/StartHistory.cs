using System.Buffers.Binary;

namespace RaftKv.Embedded.Storage;

/// <summary>
/// The starts of the processes that used a data directory (file <c>starts</c>): a <see cref="FormatBlock"/> with
/// <code>starts i64 | u16 count | count × id of a start i64, the newest first</code>
/// The count rises by one with each start, and each start has a random id. A directory that was replaced by an older copy of it may reach
/// the same count again, but has other ids.
/// </summary>
/// <param name="Count">The number of starts, including this one.</param>
/// <param name="Ids">The ids of the newest starts, the newest first.</param>
internal sealed record StartHistory(long Count, IReadOnlyList<long> Ids)
{
    public const string FileName = "starts";

    /// <summary>The most ids that are kept.</summary>
    public const int KeptIds = 64;

    private const uint FormatVersion = 1;
    private const int IdsOffset = FormatBlock.PrefixBytes + 8 + 2;
    private const int MaxBytes = IdsOffset + (KeptIds * 8) + FormatBlock.ChecksumBytes;

    private static ulong Magic => BinaryPrimitives.ReadUInt64LittleEndian("RaftKvSt"u8);

    /// <summary>Counts one more start; durable when it returns.</summary>
    /// <exception cref="RaftKvStorageException"><see cref="RaftKvStorageError.Damaged"/>, NewerFormat, or the disk fails.</exception>
    public static StartHistory Begin(IFileSystem fs, string directory, long id)
    {
        var last = Load(fs, directory);
        var history = new StartHistory((last?.Count ?? 0) + 1, [id, .. (last?.Ids ?? []).Take(KeptIds - 1)]);
        history.Save(fs, directory);
        return history;
    }

    /// <summary>Null if the directory has no history: it is new, or was last used by a version that did not count starts.</summary>
    /// <exception cref="RaftKvStorageException"><see cref="RaftKvStorageError.Damaged"/> or NewerFormat.</exception>
    public static StartHistory? Load(IFileSystem fs, string directory)
    {
        var path = Path.Combine(directory, FileName);
        if (!fs.FileExists(path))
            return null;
        Span<byte> buffer = stackalloc byte[MaxBytes];
        using var file = fs.Open(path, FileOpenMode.Read);
        ReadOnlySpan<byte> block = buffer[..file.Read(0, buffer)];
        if (!FormatBlock.TryOpen(ref block, Magic, FormatVersion, path) || block.Length < IdsOffset + FormatBlock.ChecksumBytes)
            throw Damaged(path);
        var count = BinaryPrimitives.ReadUInt16LittleEndian(block[(IdsOffset - 2)..]);
        if (block.Length != IdsOffset + (count * 8) + FormatBlock.ChecksumBytes)
            throw Damaged(path);
        var ids = new long[count];
        for (var i = 0; i < count; i++)
            ids[i] = BinaryPrimitives.ReadInt64LittleEndian(block[(IdsOffset + (i * 8))..]);
        return new StartHistory(BinaryPrimitives.ReadInt64LittleEndian(block[FormatBlock.PrefixBytes..]), ids);
    }

    private static RaftKvStorageException Damaged(string path) =>
        new(RaftKvStorageError.Damaged, $"{path} is damaged: whether this data directory is an older copy is unknown. {Wal.DamageAdvice}");

    private void Save(IFileSystem fs, string directory)
    {
        var block = new byte[IdsOffset + (Ids.Count * 8) + FormatBlock.ChecksumBytes];
        BinaryPrimitives.WriteInt64LittleEndian(block.AsSpan(FormatBlock.PrefixBytes), Count);
        BinaryPrimitives.WriteUInt16LittleEndian(block.AsSpan(IdsOffset - 2), (ushort)Ids.Count);
        for (var i = 0; i < Ids.Count; i++)
            BinaryPrimitives.WriteInt64LittleEndian(block.AsSpan(IdsOffset + (i * 8)), Ids[i]);
        FormatBlock.Seal(block, Magic, FormatVersion);
        FormatBlock.Replace(fs, directory, FileName, block);
    }
}
