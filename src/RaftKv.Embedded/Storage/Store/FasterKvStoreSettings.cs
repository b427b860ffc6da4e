using System.Numerics;

namespace RaftKv.Embedded.Storage;

/// <summary>How large a <see cref="FasterKvStore"/> is made.</summary>
internal sealed record FasterKvStoreSettings
{
    private const long MinPageBytes = 1024 * 1024;
    private const long MaxSegmentBytes = 64 * 1024 * 1024;
    private const long MinIndexBytes = 1024 * 1024;
    private const long MaxIndexBytes = 64L * 1024 * 1024 * 1024;
    /// <summary>
    /// Fewer are enough for pages that are large because single records may be: the budget is then a matter of values, not of pages.
    /// </summary>
    private const int MinPages = 4;

    /// <summary>What the records may take in memory; FASTER rounds it down to a power of two.</summary>
    public long MemoryBudgetBytes { get; init; } = 64 * 1024 * 1024;

    public long ExpectedKeys { get; init; } = 100_000;

    public int MaxKeyBytes { get; init; } = 4 * 1024;

    public int MaxValueBytes { get; init; } = 1024 * 1024;

    /// <summary>A record must fit a page.</summary>
    public long PageBytes => Math.Max(MinPageBytes, PowerOfTwoFrom(FasterRecord.LargestFor(MaxKeyBytes, MaxValueBytes)));

    public long MemoryBytes => Math.Max(MinPages * PageBytes, PowerOfTwoFrom(MemoryBudgetBytes / 2 + 1));

    /// <summary>Space on disk is given back a segment at a time.</summary>
    public long SegmentBytes => Math.Max(PageBytes, 1L << BitOperations.Log2((ulong)Math.Min(LargestSegmentBytes, MaxSegmentBytes)));

    /// <summary>On a small volume less than usual.</summary>
    public long LargestSegmentBytes { get; init; } = MaxSegmentBytes;

    /// <summary>Eight bytes a key leave about one key to a chain; a quarter of that costs a third of the speed.</summary>
    public long IndexBytes => Math.Clamp(PowerOfTwoFrom(ExpectedKeys * 8), MinIndexBytes, MaxIndexBytes);

    private static long PowerOfTwoFrom(long bytes) => (long)BitOperations.RoundUpToPowerOf2((ulong)bytes);
}
