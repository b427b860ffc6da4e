using System.Globalization;
using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Storage;

/// <summary>
/// The description of a segment in memory: where each of its entries that are not truncated begins. Guarded by the lock of its
/// <see cref="WalIndex"/>.
/// </summary>
internal sealed class WalSegment(long sequence, string path, IStorageFile file, long bytes, int headerBytes, EntryId @base, uint salt,
    int expectedEntries = 0)
{
    private const string Extension = ".wal";

    /// <summary>The ends of the entries that a truncated range follows, in the order of their indexes.</summary>
    private readonly List<(long Index, uint End)> _ends = [];

    private int _users = 1;

    public long Sequence { get; } = sequence;

    public string Path { get; } = path;

    public IStorageFile File { get; } = file;

    /// <summary>The length of the file.</summary>
    public long Bytes { get; } = bytes;

    public int HeaderBytes { get; } = headerBytes;

    /// <summary>The salt that the checksums of its records begin with.</summary>
    public uint Salt => salt;

    /// <summary>The offset of the next commit.</summary>
    public long End { get; set; } = headerBytes;

    /// <summary>The entry before its first one. Decreases when the log is truncated before it.</summary>
    public EntryId Base { get; private set; } = @base;

    /// <summary>Where the entries Base.Index + 1, + 2, ... begin.</summary>
    public List<uint> Offsets { get; } = new(expectedEntries);

    public long LastIndex => Base.Index + Offsets.Count;

    public long OffsetOf(long index) => Offsets[(int)(index - Base.Index - 1)];

    /// <summary>Whether truncated entries lie between an entry and the next one, and where the entry itself ends then.</summary>
    public bool IsBeforeTruncated(long index, out long end)
    {
        foreach (var (last, at) in _ends)
        {
            if (last == index)
            {
                end = at;
                return true;
            }
        }
        end = 0;
        return false;
    }

    /// <summary>Where the entries after <paramref name="index"/> begin; its end if there are none.</summary>
    public long OffsetAfter(long index) => index >= LastIndex ? End : OffsetOf(index + 1);

    public void CutAfter(EntryId last)
    {
        if (last.Index >= LastIndex)
            return;
        _ends.RemoveAll(end => end.Index > last.Index);
        if (last.Index <= Base.Index)
        {
            _ends.Clear();
            Base = last;
            Offsets.Clear();
            return;
        }
        var keep = (int)(last.Index - Base.Index);
        // If the log was cut after this entry before, the end stored then stays: entries appended since begin behind the range truncated
        // then.
        if (!IsBeforeTruncated(last.Index, out _))
            _ends.Add((last.Index, Offsets[keep]));
        Offsets.RemoveRange(keep, Offsets.Count - keep);
    }

    /// <summary>The file stays open until its last user is removed, even if it is deleted.</summary>
    public void AddUser() => _users++;

    public void RemoveUser()
    {
        if (--_users == 0)
            File.Dispose();
    }

    public static string NameOf(long sequence) => sequence.ToString("D16", CultureInfo.InvariantCulture) + Extension;

    public static bool TryParseName(string name, out long sequence)
    {
        sequence = 0;
        return name.Length == 16 + Extension.Length && name.EndsWith(Extension, StringComparison.Ordinal)
            && long.TryParse(name.AsSpan(0, 16), NumberStyles.None, CultureInfo.InvariantCulture, out sequence);
    }
}
