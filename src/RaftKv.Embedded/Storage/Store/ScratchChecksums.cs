using System.Collections.Concurrent;
using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Storage;

/// <summary>
/// The checksums of the sectors of the scratch files, in memory: 8 KiB for each MiB. FASTER has no checksums, so it would not notice a disk
/// that returns other bytes than were written. One thread writes; any thread verifies bytes that were written before.
/// </summary>
internal sealed class ScratchChecksums(int sectorBytes)
{
    private readonly ConcurrentDictionary<int, uint[]> _segments = new();

    /// <summary>Stores the checksums of bytes that are about to be written. Offset and length are whole sectors.</summary>
    public void Note(int segment, long offset, ReadOnlySpan<byte> bytes)
    {
        var first = (int)(offset / sectorBytes);
        var sums = Room(segment, first + bytes.Length / sectorBytes);
        for (var i = 0; i < bytes.Length / sectorBytes; i++)
            sums[first + i] = Sum(bytes.Slice(i * sectorBytes, sectorBytes));
    }

    /// <summary>Whether these are the bytes that were written there. A sector that was never written is not compared.</summary>
    public bool Holds(int segment, long offset, ReadOnlySpan<byte> bytes)
    {
        if (!_segments.TryGetValue(segment, out var sums))
            return true;
        var first = (int)(offset / sectorBytes);
        for (var i = 0; i < bytes.Length / sectorBytes && first + i < sums.Length; i++)
        {
            if (sums[first + i] is not 0 and var sum && sum != Sum(bytes.Slice(i * sectorBytes, sectorBytes)))
                return false;
        }
        return true;
    }

    public void Forget(int segment) => _segments.TryRemove(segment, out _);

    private uint[] Room(int segment, int sectors)
    {
        var sums = _segments.GetValueOrDefault(segment, []);
        if (sums.Length < sectors)
            _segments[segment] = sums = [.. sums, .. new uint[Math.Max(sums.Length, sectors - sums.Length)]];
        return sums;
    }

    /// <summary>Never 0, which stands for a sector that was not written.</summary>
    private static uint Sum(ReadOnlySpan<byte> sector) => Math.Max(1, Crc32C.Compute(sector));
}
