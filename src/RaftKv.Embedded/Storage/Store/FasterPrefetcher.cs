using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.Intrinsics.X86;
using FASTER.core;

namespace RaftKv.Embedded.Storage;

/// <summary>
/// Prefetches the records of keys that will soon be used into the processor's caches, many at once. Without it, each access to the index
/// and to a record waits for memory, one after the other, which takes longer than the rest of a write. It reads FASTER's internal tables,
/// because FASTER has no method for this, and writes nothing. A wrong guess costs only time.
/// </summary>
internal sealed unsafe class FasterPrefetcher
{
    private const int CacheLineBytes = 64;

    // FASTER.core.Constants and HashBucketEntry: seven entries to a bucket, each a tag of the hash's high bits above an address in the log.
    private const int EntriesPerBucket = 7;
    private const int HashTagShift = 50;
    private const int TagShift = 48;
    private const ulong TagMask = 0x3FFFUL << TagShift;
    private const ulong AddressMask = (1UL << TagShift) - 1;

    private readonly ulong* _buckets;
    private readonly long* _pages;
    private readonly long _bucketMask;
    private readonly int _pageBits;
    private readonly int _pageMask;

    private FasterPrefetcher(void* buckets, long bucketMask, void* pages, int pageBits, int pageCount)
    {
        _buckets = (ulong*)buckets;
        _pages = (long*)pages;
        (_bucketMask, _pageBits, _pageMask) = (bucketMask, pageBits, pageCount - 1);
    }

    /// <summary>
    /// Returns <c>null</c> where the processor has no prefetch instruction that .NET supports, or where FASTER's internal fields are not
    /// the expected ones.
    /// </summary>
    /// <param name="kv">Must outlive the prefetcher, and its index must not grow.</param>
    /// <param name="pageBytes">The page size in the settings of <paramref name="kv"/>.</param>
    /// <param name="memoryBytes">The memory size in the settings of <paramref name="kv"/>.</param>
    public static FasterPrefetcher? For(FasterKV<SpanByte, SpanByte> kv, long pageBytes, long memoryBytes)
    {
        if (!Sse.IsSupported)
            return null;
        var log = Field(kv, typeof(FasterKV<SpanByte, SpanByte>), "hlog");
        if (Field(kv, typeof(FasterBase), "state") is not Array { Length: > 0 } tables || tables.GetValue(0) is not { } table
            || Field(table, table.GetType(), "tableAligned") is not Pointer buckets
            || Field(table, table.GetType(), "size_mask") is not long mask
            || log is null || Field(log, log.GetType(), "nativePointers") is not Pointer pages)
            return null;
        return new FasterPrefetcher(Pointer.Unbox(buckets), mask, Pointer.Unbox(pages),
            System.Numerics.BitOperations.Log2((ulong)pageBytes), (int)(memoryBytes / pageBytes));
    }

    /// <summary>The first step: prefetches the bucket of a key in the index.</summary>
    public void Bucket(long hash) => Sse.Prefetch0(_buckets + ((hash & _bucketMask) * (CacheLineBytes / sizeof(ulong))));

    /// <summary>The second step, after the buckets have arrived in the cache: prefetches the record of a key.</summary>
    public void Record(long hash)
    {
        var bucket = _buckets + ((hash & _bucketMask) * (CacheLineBytes / sizeof(ulong)));
        var tag = (ulong)hash >> HashTagShift << TagShift;
        for (var i = 0; i < EntriesPerBucket; i++)
        {
            var entry = bucket[i];
            if ((entry & TagMask) != tag || entry == 0)
                continue;
            var address = (long)(entry & AddressMask);
            var record = (byte*)_pages[(address >> _pageBits) & _pageMask] + (address & ((1L << _pageBits) - 1));
            Sse.Prefetch0(record);
            Sse.Prefetch0(record + CacheLineBytes);
            Sse.Prefetch0(record + (2 * CacheLineBytes));
            return;
        }
    }

    [UnconditionalSuppressMessage("Trimming", "IL2070",
        Justification = "A field that was trimmed away is not found, and then nothing is prefetched.")]
    private static object? Field(object of, Type type, string name) =>
        type.GetField(name, BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public)?.GetValue(of);
}
