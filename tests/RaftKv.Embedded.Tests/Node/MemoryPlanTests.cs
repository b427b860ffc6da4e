using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using RaftKv.Embedded.Node;
using RaftKv.Embedded.Storage;
using RaftKv.Embedded.Tests.Transport;
using Xunit;

namespace RaftKv.Embedded.Tests.Node;

/// <summary>The budgets of a node are fitted to the memory of its process.</summary>
public sealed class MemoryPlanTests
{
    private const long Mebibyte = 1024 * 1024;

    private readonly RecordingLogger _log = new();

    [Fact]
    public void Budgets_that_fit_stay_as_they_are()
    {
        var options = new RaftKvOptions();

        MemoryPlan.Apply(options, 336 * Mebibyte, _log);

        Assert.Equal((64 * Mebibyte, 64 * Mebibyte), (options.MemoryBudgetBytes, options.MaxPendingBytes));
        Assert.Empty(_log.Lines);
    }

    [Theory]
    [InlineData(335)]
    [InlineData(96)]
    [InlineData(64)]
    public void Those_that_do_not_are_reduced_to_half_of_what_there_is_and_the_log_says_so(long availableMebibytes)
    {
        var options = new RaftKvOptions();

        MemoryPlan.Apply(options, availableMebibytes * Mebibyte, _log);

        Assert.True(options.MemoryBudgetBytes < 64 * Mebibyte);
        var least = options.MemoryBudgetBytes / 2 + 8 * options.ExpectedKeys + options.WatchHistoryBytes + options.ScanRetentionBytes + options.MaxPendingBytes;
        Assert.InRange(least, 20 * Mebibyte, availableMebibytes * Mebibyte / 2);
        Assert.True(options.MaxPendingBytes >= 4 * options.MaxValueBytes);
        var line = Assert.Single(_log.Lines);
        Assert.Equal((166, LogLevel.Information), (line.Id, line.Level));
        // Budgets that fit are not reduced any further.
        MemoryPlan.Apply(options, availableMebibytes * Mebibyte, _log);
        Assert.Single(_log.Lines);
    }

    [Fact]
    public void Without_a_disk_the_budget_counts_as_a_whole_and_stays_large_enough_for_the_files()
    {
        var options = new RaftKvOptions { Durability = RaftKvDurability.Memory, MemoryBudgetBytes = 512 * Mebibyte };

        MemoryPlan.Apply(options, 512 * Mebibyte, _log);

        Assert.InRange(options.MemoryBudgetBytes, 100 * Mebibyte, 255 * Mebibyte);
        MemoryPlan.Apply(options, 64 * Mebibyte, _log);
        Assert.InRange(options.MemoryBudgetBytes, 24 * Mebibyte, 32 * Mebibyte);
    }

    [Theory]
    [InlineData(24, 1, 8)]
    [InlineData(64, 1, 16)]
    [InlineData(1024, 1, 256)]
    [InlineData(192, 16, 128)]
    public void Without_a_disk_records_and_files_share_the_budget(long budgetMebibytes, int maxValueMebibytes, long recordMebibytes)
    {
        var options = new RaftKvOptions
        {
            Durability = RaftKvDurability.Memory,
            MemoryBudgetBytes = budgetMebibytes * Mebibyte,
            MaxValueBytes = (int)(maxValueMebibytes * Mebibyte),
        };

        Assert.Equal((budgetMebibytes - recordMebibytes) * Mebibyte, StorageBudget.Of(options).FileBytes);
        Assert.InRange(StorageBudget.Least(options), 1, options.MemoryBudgetBytes);
        Assert.True(StorageBudget.Of(options).FileBytes >= VolumeSizes.SmallestFor(options));
    }

    [Theory]
    [InlineData(40, 1)]
    [InlineData(96, 16)]
    public void Where_even_the_least_does_not_fit_the_node_does_not_start(long availableMebibytes, int maxValueMebibytes)
    {
        var options = new RaftKvOptions { MaxValueBytes = (int)(maxValueMebibytes * Mebibyte) };

        var error = Assert.Throws<OptionsValidationException>(() => MemoryPlan.Apply(options, availableMebibytes * Mebibyte, _log));

        Assert.StartsWith($"RaftKv: the process may use {availableMebibytes} MiB of memory", Assert.Single(error.Failures));
    }
}
