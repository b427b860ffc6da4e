namespace RaftKv.Embedded.Storage;

/// <summary>
/// How the memory of the storage is shared. On a disk all of <see cref="RaftKvOptions.MemoryBudgetBytes"/> is for records. Without one
/// (<see cref="RaftKvDurability.Memory"/>) it bounds everything: the records that a disk would not have yet, and the files, which are the
/// log, the snapshots and the colder records.
/// </summary>
/// <param name="RecordBytes">The budget of the store's records in memory.</param>
/// <param name="FileBytes">What the files in memory may have together; <see cref="long.MaxValue"/> on a disk.</param>
internal readonly record struct StorageBudget(long RecordBytes, long FileBytes)
{
    private const long Mebibyte = 1024 * 1024;

    /// <summary>One part in so many of the budget is for records.</summary>
    private const int RecordShare = 4;

    public static StorageBudget Of(RaftKvOptions options)
    {
        if (options.Durability != RaftKvDurability.Memory)
            return new StorageBudget(options.MemoryBudgetBytes, long.MaxValue);
        var records = options.MemoryBudgetBytes / RecordShare;
        return new StorageBudget(records, options.MemoryBudgetBytes - StoreBytes(options, records));
    }

    /// <summary>The least <see cref="RaftKvOptions.MemoryBudgetBytes"/>: without a disk, files have what the smallest volume has.</summary>
    public static long Least(RaftKvOptions options)
    {
        if (options.Durability != RaftKvDurability.Memory)
            return 16 * Mebibyte;
        // The store rounds its share up to a power of two, which takes a quarter of the whole and a page at most, or its least.
        var files = VolumeSizes.SmallestFor(options);
        return Math.Max(files + StoreBytes(options, 0), (files / 3 * 4) + (2 * Mebibyte));
    }

    private static long StoreBytes(RaftKvOptions options, long budget) => new FasterKvStoreSettings
    {
        MemoryBudgetBytes = budget, MaxKeyBytes = options.MaxKeyBytes, MaxValueBytes = options.MaxValueBytes,
    }.MemoryBytes;
}
