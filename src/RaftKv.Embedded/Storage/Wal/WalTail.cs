using System.Buffers.Binary;
using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Storage;

/// <summary>
/// A second record of where the log ends (file <c>tail</c>), so that a lost or shortened log is noticed. The file has two slots, written in
/// turn; each is a <see cref="FormatBlock"/> with
/// <code>generation i64 | first segment i64 | last segment i64 | commit i64 | last index i64 | last term i64 | synced commit i64</code>
/// The first version, which ends before the synced commit, is written while every commit is synced. The file is written at each change of
/// the set of segments and at start and close, not at each commit: a commit costs one sync.
/// </summary>
/// <param name="Generation">Counts the writes; the slot with the higher number is the current one.</param>
/// <param name="FirstSegment">The oldest segment that must exist.</param>
/// <param name="LastSegment">The newest segment that must exist. Of the later ones, at most the next may be in use.</param>
/// <param name="Commit">The log reaches at least this commit.</param>
/// <param name="Last">The last entry after that commit, for messages.</param>
/// <param name="SyncedCommit">
/// Set while commits stay in the page cache (<see cref="RaftKvDurability.OsBuffered"/>): the log is known to be on the disk only up to this
/// commit, and a power cut may have lost any part of the later commits.
/// </param>
internal readonly record struct WalTail(long Generation, long FirstSegment, long LastSegment, long Commit, EntryId Last,
    long? SyncedCommit = null)
{
    public const string FileName = "tail";

    private const uint Synced = 1;
    private const uint Buffered = 2;
    private const int SlotBytes = 4096;
    private const int SyncedBytes = 68;
    private const int BufferedBytes = 76;

    /// <summary>Whether the last run left its commits in the page cache, and did not close the log.</summary>
    public bool IsBuffered => SyncedCommit is not null;

    /// <summary>The commit that the log must reach; a log that ends before it is damaged.</summary>
    public long RequiredCommit => SyncedCommit ?? Commit;

    /// <summary>A new log has no segment yet; the first will be number 1.</summary>
    private bool IsPossible =>
        Generation >= 0 && Commit >= 0 && RequiredCommit >= 0 && RequiredCommit <= Commit && FirstSegment >= 1
            && (LastSegment >= FirstSegment || LastSegment + FirstSegment == 1);

    private static ulong Magic => BinaryPrimitives.ReadUInt64LittleEndian("RaftKvTL"u8);

    /// <summary>Overwrites the older slot; not yet durable.</summary>
    public void Write(IStorageFile file)
    {
        Span<byte> block = stackalloc byte[BufferedBytes];
        if (SyncedCommit is { } synced)
            BinaryPrimitives.WriteInt64LittleEndian(block[64..], synced);
        else
            block = block[..SyncedBytes];
        BinaryPrimitives.WriteInt64LittleEndian(block[16..], Generation);
        BinaryPrimitives.WriteInt64LittleEndian(block[24..], FirstSegment);
        BinaryPrimitives.WriteInt64LittleEndian(block[32..], LastSegment);
        BinaryPrimitives.WriteInt64LittleEndian(block[40..], Commit);
        BinaryPrimitives.WriteInt64LittleEndian(block[48..], Last.Index);
        BinaryPrimitives.WriteInt64LittleEndian(block[56..], Last.Term);
        FormatBlock.Seal(block, Magic, IsBuffered ? Buffered : Synced);
        file.Write(Generation % 2 * SlotBytes, block);
    }

    /// <summary>The newer of the two slots, or null if neither is whole.</summary>
    public static WalTail? Read(IStorageFile file, string path)
    {
        WalTail? newest = null;
        Span<byte> block = stackalloc byte[BufferedBytes];
        for (var slot = 0; slot < 2; slot++)
        {
            ReadOnlySpan<byte> bytes = block[..file.Read(slot * SlotBytes, block)];
            if (!FormatBlock.TryOpen(ref bytes, Magic, Buffered, path, out var version)
                || bytes.Length != (version == Synced ? SyncedBytes : BufferedBytes))
                continue;
            var tail = new WalTail(
                BinaryPrimitives.ReadInt64LittleEndian(bytes[16..]),
                BinaryPrimitives.ReadInt64LittleEndian(bytes[24..]),
                BinaryPrimitives.ReadInt64LittleEndian(bytes[32..]),
                BinaryPrimitives.ReadInt64LittleEndian(bytes[40..]),
                new EntryId(BinaryPrimitives.ReadInt64LittleEndian(bytes[56..]), BinaryPrimitives.ReadInt64LittleEndian(bytes[48..])),
                version == Synced ? null : BinaryPrimitives.ReadInt64LittleEndian(bytes[64..]));
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
