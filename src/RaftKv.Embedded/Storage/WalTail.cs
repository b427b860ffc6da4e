using System.Buffers.Binary;
using RaftKv.Embedded.Consensus;

namespace RaftKv.Embedded.Storage;

/// <summary>
/// The second place where the log's end is known (file <c>tail</c>), so that a lost or shortened log is noticed. Two slots take turns; each is a
/// <see cref="FormatBlock"/> with <code>generation i64 | first segment i64 | last segment i64 | commit i64 | last index i64 | last term i64</code>
/// It is written at each change of the set of segments and at start and close, not at each commit: a commit costs one sync.
/// </summary>
/// <param name="Generation">Counts the writes; the higher slot is the truth.</param>
/// <param name="FirstSegment">The oldest segment that must exist.</param>
/// <param name="LastSegment">The newest segment that must exist; at most the one behind it may be in use as well.</param>
/// <param name="Commit">The log reaches at least this commit.</param>
/// <param name="Last">The last entry after that commit, for messages.</param>
internal readonly record struct WalTail(long Generation, long FirstSegment, long LastSegment, long Commit, EntryId Last)
{
    public const string FileName = "tail";

    private const uint FormatVersion = 1;
    private const int SlotBytes = 4096;
    private const int BlockBytes = 68;

    /// <summary>A new log has no segment yet; the first will be number 1.</summary>
    private bool IsPossible => Generation >= 0 && Commit >= 0 && FirstSegment >= 1 && (LastSegment >= FirstSegment || LastSegment + FirstSegment == 1);

    private static ulong Magic => BinaryPrimitives.ReadUInt64LittleEndian("RaftKvTL"u8);

    /// <summary>Overwrites the older slot; not yet durable.</summary>
    public void Write(IStorageFile file)
    {
        Span<byte> block = stackalloc byte[BlockBytes];
        BinaryPrimitives.WriteInt64LittleEndian(block[16..], Generation);
        BinaryPrimitives.WriteInt64LittleEndian(block[24..], FirstSegment);
        BinaryPrimitives.WriteInt64LittleEndian(block[32..], LastSegment);
        BinaryPrimitives.WriteInt64LittleEndian(block[40..], Commit);
        BinaryPrimitives.WriteInt64LittleEndian(block[48..], Last.Index);
        BinaryPrimitives.WriteInt64LittleEndian(block[56..], Last.Term);
        FormatBlock.Seal(block, Magic, FormatVersion);
        file.Write(Generation % 2 * SlotBytes, block);
    }

    /// <summary>The newer of the two slots, or null if neither is whole.</summary>
    public static WalTail? Read(IStorageFile file, string path)
    {
        WalTail? newest = null;
        Span<byte> block = stackalloc byte[BlockBytes];
        for (var slot = 0; slot < 2; slot++)
        {
            ReadOnlySpan<byte> bytes = block[..file.Read(slot * SlotBytes, block)];
            if (!FormatBlock.TryOpen(ref bytes, Magic, FormatVersion, path) || bytes.Length != BlockBytes)
                continue;
            var tail = new WalTail(
                BinaryPrimitives.ReadInt64LittleEndian(bytes[16..]),
                BinaryPrimitives.ReadInt64LittleEndian(bytes[24..]),
                BinaryPrimitives.ReadInt64LittleEndian(bytes[32..]),
                BinaryPrimitives.ReadInt64LittleEndian(bytes[40..]),
                new EntryId(BinaryPrimitives.ReadInt64LittleEndian(bytes[56..]), BinaryPrimitives.ReadInt64LittleEndian(bytes[48..])));
            if (tail.IsPossible && (newest is null || tail.Generation > newest.Value.Generation))
                newest = tail;
        }
        return newest;
    }

    /// <summary>Creates the file with both slots filled, under another name first: it exists whole or not at all.</summary>
    public static WalTail Create(IFileSystem fs, string directory)
    {
        var path = Path.Combine(directory, FileName);
        var tail = new WalTail(0, FirstSegment: 1, LastSegment: 0, Commit: 0, default);
        using (var file = fs.Open(path + ".tmp", FileOpenMode.Create))
        {
            tail.Write(file);
            tail = tail with { Generation = 1 };
            tail.Write(file);
            file.Sync();
        }
        fs.Rename(path + ".tmp", path);
        fs.SyncDirectory(directory);
        return tail;
    }
}
