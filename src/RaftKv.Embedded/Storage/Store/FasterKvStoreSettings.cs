using System.Numerics;

namespace RaftKv.Embedded.Storage;

/// <summary>The sizes of a <see cref="FasterKvStore"/>.</summary>
internal sealed record FasterKvStoreSettings
{
    private const long MinPageBytes = 1024 * 1024;
    private const long MaxSegmentBytes = 64 * 1024 * 1024;
    private const long MinIndexBytes = 1024 * 1024;
    private const long MaxIndexBytes = 64L * 1024 * 1024 * 1024;
    /// <summary>The least number of pages in memory. A small number, because pages are large where single records may be large.</summary>
    private const int MinPages = 4;

    /// <summary>The most bytes that records may take in memory, for <see cref="MemoryBytes"/>.</summary>
    public long MemoryBudgetBytes { get; init; } = 64 * 1024 * 1024;

    public long ExpectedKeys { get; init; } = 100_000;

    public int MaxKeyBytes { get; init; } = 4 * 1024;

    public int MaxValueBytes { get; init; } = 1024 * 1024;

    /// <summary>The size of a page of the log, in bytes: the largest record must fit a page.</summary>
    public long PageBytes => Math.Max(MinPageBytes, PowerOfTwoFrom(FasterRecord.LargestFor(MaxKeyBytes, MaxValueBytes)));

    /// <summary>The budget rounded down to a power of two, as FASTER needs it, but at least four pages.</summary>
    public long MemoryBytes => Math.Max(MinPages * PageBytes, PowerOfTwoFrom(MemoryBudgetBytes / 2 + 1));

    /// <summary>The size of one scratch file, in bytes. Room on the disk is reclaimed one file at a time.</summary>
    public long SegmentBytes => Math.Max(PageBytes, 1L << BitOperations.Log2((ulong)Math.Min(LargestSegmentBytes, MaxSegmentBytes)));

    /// <summary>An upper limit for <see cref="SegmentBytes"/>; smaller on a small volume.</summary>
    public long LargestSegmentBytes { get; init; } = MaxSegmentBytes;

    /// <summary>
    /// The size of the hash index. Eight bytes for each key give about one key per chain; with a quarter of that, the store is a third
    /// slower.
    /// </summary>
    public long IndexBytes => Math.Clamp(PowerOfTwoFrom(ExpectedKeys * 8), MinIndexBytes, MaxIndexBytes);

    private static long PowerOfTwoFrom(long bytes) => (long)BitOperations.RoundUpToPowerOf2((ulong)bytes);
}
