using System.Buffers.Binary;
using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Storage;

/// <summary>
/// Searches behind the end of a log for a complete record of a later commit. The bytes there may be a client's value that was made to look
/// like many records, so the time must not depend on their content: one pass stores CRC registers at regular offsets, and the checksum of
/// each candidate is computed from these, without reading the candidate's bytes again.
/// </summary>
internal readonly ref struct LaterCommitSearch
{
    /// <summary>A register is stored at every multiple of this offset.</summary>
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

    /// <summary>The offset of the first complete record of a later commit; null if there is none.</summary>
    /// <param name="window">The window of the segment.</param>
    /// <param name="from">The end of the log.</param>
    /// <param name="to">
    /// Only zeros follow from here on. A record may extend beyond this offset, because a checksum may end in zeros.
    /// </param>
    /// <param name="commit">The low half of the number of the last whole commit.</param>
    /// <param name="salt">The salt of the segment.</param>
    public static long? Find(WalWindow window, long from, long to, uint commit, uint salt)
    {
        var length = (int)Math.Min(to - from + sizeof(uint) + WalRecord.Alignment, window.Length - from);
        var search = new LaterCommitSearch(window.Get(from, length), salt);
        return search.Find(commit) is { } at ? from + at : null;
    }

    private int? Find(uint commit)
    {
        // Each commit in between takes at least MinBytes, which bounds the possible commit numbers.
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

    /// <summary>Continues the raw register; <see cref="Crc32C"/> inverts the register at the begin and at the end.</summary>
    private static uint Continue(uint register, ReadOnlySpan<byte> bytes) => ~Crc32C.Continue(~register, bytes);
}
