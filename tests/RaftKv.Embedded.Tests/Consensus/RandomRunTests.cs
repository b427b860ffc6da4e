using System.Globalization;
using RaftKv.Embedded.Tests.Consensus.Model;
using Xunit;

namespace RaftKv.Embedded.Tests.Consensus;

/// <summary>
/// Random runs of the core. <c>RAFTKV_SEEDS</c> is the number of seeds (default 120), <c>RAFTKV_SEED</c> the first one (default 1). A
/// failure names its seed.
/// </summary>
public sealed class RandomRunTests
{
    [Fact]
    public void Nothing_unsafe_happens_in_trouble_and_everything_heals_in_peace()
    {
        var first = Setting("RAFTKV_SEED", 1);
        var count = Setting("RAFTKV_SEEDS", 120);
        var failures = new List<string>();
        long steps = 0, commits = 0, reads = 0;
        Parallel.For(0, (long)count, i =>
        {
            var run = new RandomRun(first + (ulong)i);
            try
            {
                run.Run();
            }
            catch (InvalidOperationException e)
            {
                lock (failures)
                    failures.Add(e.Message);
            }
            Interlocked.Add(ref steps, run.Steps);
            Interlocked.Add(ref commits, run.Commits);
            Interlocked.Add(ref reads, run.Reads);
        });
        TestContext.Current.TestOutputHelper?.WriteLine($"{count} seeds, {steps} steps, {commits} entries committed, {reads} reads served");
        Assert.True(failures.Count == 0, $"{failures.Count} of {count} seeds failed: {string.Join(", ", failures.Select(f => f[..Math.Min(f.IndexOf('\n', StringComparison.Ordinal), 160)]).Take(20))}\n{failures.FirstOrDefault()}");
        Assert.True(commits > 50 * (long)count && reads > 10 * (long)count, "the runs do something");
    }

    [Fact]
    public void The_same_seed_gives_the_same_run()
    {
        var first = new RandomRun(7);
        var second = new RandomRun(7);
        first.Run();
        second.Run();

        Assert.Equal((first.Steps, first.Commits, first.Reads), (second.Steps, second.Commits, second.Reads));
    }

    private static ulong Setting(string name, ulong otherwise) =>
        ulong.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out var value) ? value : otherwise;
}
