namespace RaftKv.Embedded.Storage;

/// <summary>
/// How the storage divides <see cref="RaftKvOptions.MemoryBudgetBytes"/>. With a disk, all of it is for records in memory. Without a disk
/// (<see cref="RaftKvDurability.Memory"/>) it also bounds the files, which are the log, the snapshots and the colder records.
/// </summary>
/// <param name="RecordBytes">The budget of the store's records in memory, in bytes.</param>
/// <param name="FileBytes">The most bytes that the files in memory may have together; <see cref="long.MaxValue"/> with a disk.</param>
internal readonly record struct StorageBudget(long RecordBytes, long FileBytes)
{
    private const long Mebibyte = 1024 * 1024;

    /// <summary>Without a disk, the budget divided by this number is for records.</summary>
    private const int RecordShare = 4;

    public static StorageBudget Of(RaftKvOptions options)
    {
        if (options.Durability != RaftKvDurability.Memory)
            return new StorageBudget(options.MemoryBudgetBytes, long.MaxValue);
        var records = options.MemoryBudgetBytes / RecordShare;
        return new StorageBudget(records, options.MemoryBudgetBytes - StoreBytes(options, records));
    }

    /// <summary>
    /// The smallest valid <see cref="RaftKvOptions.MemoryBudgetBytes"/>. Without a disk, it leaves the files as much as the smallest volume
    /// has.
    /// </summary>
    public static long Least(RaftKvOptions options)
    {
        if (options.Durability != RaftKvDurability.Memory)
            return 16 * Mebibyte;
        // The store takes its minimum (the first sum) or about a quarter of the whole (the second one).
        var files = VolumeSizes.SmallestFor(options);
        return Math.Max(files + StoreBytes(options, 0), (files / 3 * 4) + (2 * Mebibyte));
    }

    private static long StoreBytes(RaftKvOptions options, long budget) => new FasterKvStoreSettings
    {
        MemoryBudgetBytes = budget, MaxKeyBytes = options.MaxKeyBytes, MaxValueBytes = options.MaxValueBytes,
    }.MemoryBytes;
}
