using System.Buffers.Binary;
using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Storage;

/// <summary>
/// The committed entry up to which this node applies its log (file <c>applied</c>), written before readers can see the effect of the
/// entries. Raft does not store the commit index; with the mark, a restarted node applies its log that far without a leader. The file has
/// two slots, written in turn; each is a <see cref="FormatBlock"/> with <code>generation i64 | cluster id 16 | index i64 | term i64</code>
/// The file is never synced: it outlives the process, but a power cut may leave an older mark, or none. Errors of the disk are ignored.
/// </summary>
internal sealed class AppliedMark : IDisposable
{
    public const string FileName = "applied";

    private const uint FormatVersion = 1;
    private const int SlotBytes = 4096;
    private const int BlockBytes = FormatBlock.PrefixBytes + 8 + 16 + 8 + 8 + FormatBlock.ChecksumBytes;

    private readonly IStorageFile? _file;
    private long _generation;

    private AppliedMark(IStorageFile? file) => _file = file;

    /// <summary>The cluster of the mark that was found at the start; empty if there was none.</summary>
    public Guid ClusterId { get; private set; }

    /// <summary>The mark that was found at the start; default if there was none.</summary>
    public EntryId Found { get; private set; }

    private static ulong Magic => BinaryPrimitives.ReadUInt64LittleEndian("RaftKvAp"u8);

    public static AppliedMark Open(IFileSystem fs, string directory)
    {
        var path = Path.Combine(directory, FileName);
        IStorageFile? file = null;
        try
        {
            file = fs.Open(path, fs.FileExists(path) ? FileOpenMode.ReadWrite : FileOpenMode.CreateNew);
            var mark = new AppliedMark(file);
            mark.Read(path);
            return mark;
        }
        catch (RaftKvStorageException)
        {
            file?.Dispose();
            return new AppliedMark(null);
        }
    }

    /// <summary>Writes the mark. One thread at a time.</summary>
    public void Write(Guid clusterId, EntryId applied)
    {
        Span<byte> block = stackalloc byte[BlockBytes];
        BinaryPrimitives.WriteInt64LittleEndian(block[16..], ++_generation);
        clusterId.TryWriteBytes(block[24..]);
        BinaryPrimitives.WriteInt64LittleEndian(block[40..], applied.Index);
        BinaryPrimitives.WriteInt64LittleEndian(block[48..], applied.Term);
        FormatBlock.Seal(block, Magic, FormatVersion);
        try
        {
            _file?.Write(_generation % 2 * SlotBytes, block);
        }
        catch (RaftKvStorageException)
        {
            // The other slot still has the mark before this one.
        }
    }

    public void Dispose() => _file?.Dispose();

    private void Read(string path)
    {
        Span<byte> buffer = stackalloc byte[BlockBytes];
        for (var slot = 0; slot < 2; slot++)
        {
            ReadOnlySpan<byte> block = buffer[.._file!.Read(slot * SlotBytes, buffer)];
            if (!IsMark(ref block, path) || BinaryPrimitives.ReadInt64LittleEndian(block[16..]) is var generation
                && generation <= _generation)
                continue;
            _generation = generation;
            ClusterId = new Guid(block.Slice(24, 16));
            Found = new EntryId(BinaryPrimitives.ReadInt64LittleEndian(block[48..]), BinaryPrimitives.ReadInt64LittleEndian(block[40..]));
        }
    }

    private static bool IsMark(ref ReadOnlySpan<byte> block, string path)
    {
        try
        {
            return FormatBlock.TryOpen(ref block, Magic, FormatVersion, path) && block.Length == BlockBytes;
        }
        catch (RaftKvStorageException e) when (e.Error == RaftKvStorageError.NewerFormat)
        {
            // The mark is only a hint: one in a newer format is ignored.
            return false;
        }
    }
}
