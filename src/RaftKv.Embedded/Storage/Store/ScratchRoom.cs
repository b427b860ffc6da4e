using FASTER.core;

namespace RaftKv.Embedded.Storage;

/// <summary>
/// The free space of the disk to which FASTER writes cold pages. It is checked before a page is begun, because on a full disk FASTER's
/// writers wait without end. A write that finds no space in spite of this waits in the device.
/// </summary>
internal sealed class ScratchRoom(FasterKV<SpanByte, SpanByte> kv, Func<long> availableBytes, int pageBits)
{
    /// <summary>The number of pages for which there must be room before the next one is begun.</summary>
    private const int PagesAhead = 2;

    /// <summary>The page of the log for which there was room at the last check.</summary>
    private long _guardedPage;

    public long AvailableBytes => availableBytes();

    /// <summary>The bytes of the disk that are kept free.</summary>
    public long Reserve => (long)PagesAhead << pageBits;

    /// <summary>Writer only. Whether a record of <paramref name="bytes"/> can be appended.</summary>
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
