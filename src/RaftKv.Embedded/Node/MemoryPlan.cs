using System.Globalization;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using RaftKv.Embedded.Diagnostics;
using RaftKv.Embedded.Storage;

namespace RaftKv.Embedded.Node;

/// <summary>
/// What the budgets of a node take in memory: the store's records and hash index, the history for watches, the values kept for scans, and
/// the writes that wait. Together they may take half of what the garbage collector may use
/// (<see cref="GCMemoryInfo.TotalAvailableMemoryBytes"/>: the limit of the heap, or of the container, or the machine's memory). The other
/// half is for the application, the index of the keys, the end of the log and the connections. Budgets that are larger are made smaller,
/// all by the same factor, but none below its minimum.
/// </summary>
internal readonly record struct MemoryPlan(
    long MemoryBudgetBytes, long ExpectedKeys, long WatchHistoryBytes, long ScanRetentionBytes, long MaxPendingBytes)
{
    private const long Mebibyte = 1024 * 1024;
    private const double Step = 0.9;

    private static MemoryPlan Of(RaftKvOptions options) =>
        new(options.MemoryBudgetBytes, options.ExpectedKeys, options.WatchHistoryBytes, options.ScanRetentionBytes,
            options.MaxPendingBytes);

    /// <summary>Makes the budgets of the options fit, and logs what was changed.</summary>
    /// <exception cref="OptionsValidationException">Even the smallest budgets do not fit.</exception>
    public static void Apply(RaftKvOptions options, long availableBytes, ILogger log)
    {
        var asked = Of(options);
        var plan = Fit(options, availableBytes);
        if (plan == asked)
            return;
        (options.MemoryBudgetBytes, options.ExpectedKeys, options.WatchHistoryBytes, options.ScanRetentionBytes,
            options.MaxPendingBytes) = plan;
        log.BudgetsReduced(options.NodeId, availableBytes / Mebibyte, plan.Describe(), asked.Describe());
    }

    /// <summary>The budgets as they are, or reduced until they fit.</summary>
    /// <exception cref="OptionsValidationException">Even the smallest budgets do not fit.</exception>
    public static MemoryPlan Fit(RaftKvOptions options, long availableBytes)
    {
        var share = availableBytes / 2;
        var asked = Of(options);
        var least = asked.Scaled(0, options);
        if (least.Bytes(options) > share)
        {
            throw new OptionsValidationException(Options.DefaultName, typeof(RaftKvOptions),
            [
                $"RaftKv: the process may use {availableBytes / Mebibyte} MiB of memory, and the node needs "
                    + $"{2 * least.Bytes(options) / Mebibyte + 1} MiB at least with a MaxValueBytes of "
                + $"{options.MaxValueBytes} and a MaxTransactionBytes of {options.MaxTransactionBytes}. Give the process more memory, or "
                + "lower these two.",
            ]);
        }
        var plan = asked;
        for (var factor = Math.Min(1, (double)share / asked.Bytes(options)); plan.Bytes(options) > share; factor *= Step)
            plan = asked.Scaled(factor, options);
        return plan;
    }

    private MemoryPlan Scaled(double factor, RaftKvOptions options) => new(
        Scale(MemoryBudgetBytes, factor, StorageBudget.Least(options)),
        Scale(ExpectedKeys, factor, 100_000),
        Scale(WatchHistoryBytes, factor, Mebibyte),
        Scale(ScanRetentionBytes, factor, Mebibyte),
        Scale(MaxPendingBytes, factor, Math.Max(4L * options.MaxValueBytes, options.MaxTransactionBytes)));

    private static long Scale(long value, double factor, long least) => Math.Max((long)(value * factor), Math.Min(value, least));

    private long Bytes(RaftKvOptions options)
    {
        var store = new FasterKvStoreSettings
        {
            MemoryBudgetBytes = MemoryBudgetBytes, ExpectedKeys = ExpectedKeys, MaxKeyBytes = options.MaxKeyBytes,
                MaxValueBytes = options.MaxValueBytes,
        };
        // Without a disk the budget bounds the files too.
        var records = options.Durability == RaftKvDurability.Memory ? MemoryBudgetBytes : store.MemoryBytes;
        return records + store.IndexBytes + WatchHistoryBytes + ScanRetentionBytes + MaxPendingBytes;
    }

    private string Describe() => string.Create(CultureInfo.InvariantCulture,
        $"MemoryBudgetBytes {MemoryBudgetBytes}, ExpectedKeys {ExpectedKeys}, WatchHistoryBytes {WatchHistoryBytes}, ScanRetentionBytes "
            + $"{ScanRetentionBytes}, MaxPendingBytes {MaxPendingBytes}");
}
