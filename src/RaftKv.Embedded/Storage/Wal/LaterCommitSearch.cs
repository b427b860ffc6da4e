using System.Buffers.Binary;
using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Storage;

/// <summary>
/// Looks behind the end of a log for a whole record of a later commit. The bytes there may be a client's value that is made to look like
/// many records, so the time must not depend on them: the checksum of each candidate follows from registers noted in one pass, and no byte
/// is read once per candidate.
/// </summary>
internal readonly ref struct LaterCommitSearch
{
    /// <summary>A register is noted at every multiple of this.</summary>
    private const int NotedEvery = 64;

    private readonly ReadOnlySpan<byte> _bytes;
    private readonly uint[] _registers;
    private readonly uint _salt;

    private LaterCommitSearch(ReadOnlySpan<byte> bytes, uint salt)
    {
        _bytes = bytes;
        _salt = salt;
        _registers = new uint[bytes.Length / NotedEvery + 1];
        for (var i = 1; i < _registers.Length; i++)
            _registers[i] = Continue(_registers[i - 1], bytes.Slice((i - 1) * NotedEvery, NotedEvery));
    }

    /// <summary>The offset of the first such record, if there is one.</summary>
    /// <param name="window">Of the segment.</param>
    /// <param name="from">The end of the log.</param>
    /// <param name="to">Only zeros follow from here on. A record may reach beyond: a checksum, too, may end in zeros.</param>
    /// <param name="commit">The low half of the number of the last whole commit.</param>
    /// <param name="salt">That of the segment.</param>
    public static long? Find(WalWindow window, long from, long to, uint commit, uint salt)
    {
        var length = (int)Math.Min(to - from + sizeof(uint) + WalRecord.Alignment, window.Length - from);
        var search = new LaterCommitSearch(window.Get(from, length), salt);
        return search.Find(commit) is { } at ? from + at : null;
    }

    private int? Find(uint commit)
    {
        // Every commit between takes room, so that few numbers are possible.
        var most = (uint)(_bytes.Length / WalRecord.MinBytes) + 1;
        for (var at = 0; at + WalRecord.MinBytes <= _bytes.Length; at += WalRecord.Alignment)
        {
            var header = _bytes.Slice(at, WalRecord.HeaderBytes);
            var ahead = WalRecord.PeekCommit(header) - commit;
            if (ahead < 2 || ahead > most)
                continue;
            var size = WalRecord.PeekSize(header, _bytes.Length - at);
            if (size != 0
                && ChecksumOf(at, size - sizeof(uint)) == BinaryPrimitives.ReadUInt32LittleEndian(_bytes[(at + size - sizeof(uint))..]))
                return at;
        }
        return null;
    }

    private uint ChecksumOf(int start, int length) =>
        ~(RegisterAt(start + length) ^ Crc32CShift.Zeros(RegisterAt(start) ^ ~_salt, length));

    private uint RegisterAt(int offset)
    {
        var noted = offset / NotedEvery;
        return Continue(_registers[noted], _bytes[(noted * NotedEvery)..offset]);
    }

    /// <summary>The plain register: <see cref="Crc32C"/> inverts it at both ends.</summary>
    private static uint Continue(uint register, ReadOnlySpan<byte> bytes) => ~Crc32C.Continue(~register, bytes);
}
