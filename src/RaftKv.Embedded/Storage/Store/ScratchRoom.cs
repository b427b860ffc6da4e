using FASTER.core;

namespace RaftKv.Embedded.Storage;

/// <summary>
/// The free space of the disk that FASTER's log spills to. A full disk is noticed before FASTER spills to it, a page ahead: without free
/// space FASTER's writers wait without end. A write that lacks space all the same waits in the device.
/// </summary>
internal sealed class ScratchRoom(FasterKV<SpanByte, SpanByte> kv, Func<long> availableBytes, int pageBits)
{
    /// <summary>So many pages must have room before the next one is begun.</summary>
    private const int PagesAhead = 2;

    private long _guardedPage;

    public long AvailableBytes => availableBytes();

    /// <summary>What is kept free, in bytes.</summary>
    public long Reserve => (long)PagesAhead << pageBits;

    /// <summary>Writer only. Whether so many bytes can be appended.</summary>
    public bool HasRoomFor(int bytes)
    {
        var page = (kv.Log.TailAddress + bytes) >> pageBits;
        if (page == _guardedPage)
            return true;
        if (availableBytes() < Reserve + 2L * bytes)
            return false;
        _guardedPage = page;
        return true;
    }

    /// <summary>Why the records in memory cannot be moved to the disk; <c>null</c> when they can.</summary>
    public string? WhyNoRoomFor(long unflushedBytes)
    {
        var (available, needed) = (availableBytes(), unflushedBytes + Reserve);
        return available >= needed ? null
            : $"The disk has {available} bytes left; a snapshot needs {needed} to move records out of memory. "
                + "It is taken when there is room.";
    }
}
