using System.Diagnostics;
using RaftKv.Embedded;
using RaftKv.TestNode.Driver;
using RaftKv.TestNode.Protocol;

namespace RaftKv.Benchmarks;

/// <summary>
/// Checks that disk and memory stay bounded and that nothing stalls while much more data than the memory budget is overwritten, deleted and
/// expired for a long time. The load runs in a follower's process. Prints a line every ten seconds and a verdict at the end.
/// </summary>
internal sealed class ChurnBenchmark(Arguments arguments)
{
    private const double StallMs = 1_000;
    private const int Callers = 64;
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(10);

    private readonly ResourcePressure _pressure = new();
    private readonly List<ChurnLine> _lines = [];
    private readonly Dictionary<string, RaftKvStall> _stalls = [];

    /// <summary>Runs the load. True if no limit of the verdict was exceeded.</summary>
    public async Task<bool> RunAsync()
    {
        var churn = new ChurnRequest { Callers = arguments.CallersOr(Callers), Rate = arguments.RateOr(2_000), ValueBytes = arguments.ValueBytesOr(1_024) };
        // The number of keys that keeps the requested amount of data alive once sets and deletes are in balance.
        var sets = 100 - churn.DeletePercent - churn.ExpiringPercent;
        churn = churn with { Keys = (int)(arguments.LiveMegabytes * 1024L * 1024 / churn.ValueBytes * (sets + churn.DeletePercent) / sets) };
        await using var cluster = await TestCluster.FormAsync(arguments.Nodes, options =>
        {
            options.MemoryBudgetBytes = arguments.BudgetMegabytes * 1024L * 1024;
            options.ExpectedKeys = churn.Keys;
        }, _ => ClusterBenchmark.NodeProgram);
        var node = arguments.Nodes == 1 ? cluster.Nodes[0] : await cluster.FollowerAsync();
        await node.LoadAsync(new LoadRequest { Count = churn.Keys, Keys = churn.Keys, ValueBytes = churn.ValueBytes, Callers = 256 });

        _pressure.Take();
        var clock = Stopwatch.StartNew();
        await node.ChurnAsync(churn);
        while (clock.Elapsed < TimeSpan.FromMinutes(arguments.Minutes))
        {
            await Task.Delay(Window);
            await LookAsync(cluster, node, clock.Elapsed);
        }
        await node.StopChurnAsync();
        await cluster.SameContentAsync(seconds: 120);
        return Judge();
    }

    private async Task LookAsync(TestCluster cluster, ClusterNode node, TimeSpan at)
    {
        var window = await node.ChurnWindowAsync();
        var statuses = await cluster.StatusesAsync();
        var fresh = new List<string>();
        foreach (var status in statuses)
        {
            foreach (var stall in status.Stalls)
            {
                if (_stalls.TryAdd($"{status.NodeId} {stall.At:O}", stall))
                    fresh.Add($"{stall.Cause} {stall.Duration.TotalMilliseconds:0} ms on {status.NodeId} ({stall.Detail})");
            }
        }
        var line = new ChurnLine
        {
            Seconds = Math.Round(at.TotalSeconds),
            WritesPerS = Math.Round(window.Writes / window.Seconds),
            LongestGapMs = window.LongestGapMs,
            P99Ms = window.P99Ms,
            MaxMs = window.MaxMs,
            Errors = window.Errors.Values.Sum(),
            Keys = statuses.Max(s => s.KeyCount),
            RssMb = [.. cluster.Nodes.Select(n => ProcessUsage.ResidentMegabytes(n.ProcessId))],
            DiskMb = [.. cluster.Nodes.Select(n => DirectorySizes.Of(n.Options.DataDirectory))],
            Snapshot = [.. statuses.Select(s => s.SnapshotIndex)],
            Term = statuses.Max(s => s.Term),
            Stalls = fresh,
            LoadAverage = ResourcePressure.LoadAverage(),
            PressurePercent = _pressure.Take(),
        };
        _lines.Add(line);
        ResultLine.Print(line);
    }

    /// <summary>
    /// Disk and memory rise and fall with snapshots and with the store's maintenance, which run independently. So medians are compared:
    /// that of the second half must be less than 1.1 times that of the first half.
    /// </summary>
    private bool Judge()
    {
        var half = _lines.Count / 2;
        var (before, after) = (_lines[..half], _lines[half..]);
        double Median(List<ChurnLine> lines, Func<ChurnLine, double> of) => Math.Round(lines.Select(of).Order().ElementAt(lines.Count / 2), 1);
        double Rss(ChurnLine line) => line.RssMb.Max();
        double Disk(ChurnLine line) => line.DiskMb.Max(d => d.Total);
        var verdict = new ChurnVerdict
        {
            Minutes = arguments.Minutes,
            LiveMb = arguments.LiveMegabytes,
            BudgetMb = arguments.BudgetMegabytes,
            WritesPerS = Math.Round(_lines.Average(l => l.WritesPerS)),
            LongestGapMs = _lines.Max(l => l.LongestGapMs),
            WorstP99Ms = _lines.Max(l => l.P99Ms),
            Errors = _lines.Sum(l => l.Errors),
            RssMbFirstHalf = Median(before, Rss),
            RssMbSecondHalf = Median(after, Rss),
            RssMbMost = _lines.Max(Rss),
            DiskMbFirstHalf = Median(before, Disk),
            DiskMbSecondHalf = Median(after, Disk),
            DiskMbMost = _lines.Max(Disk),
            Elections = _lines[^1].Term - _lines[0].Term,
            Snapshots = _lines.Select(l => l.Snapshot.Max()).Distinct().Count() - 1,
        };
        var holds = verdict.LongestGapMs < StallMs && verdict.Errors == 0 && verdict.RssMbSecondHalf < verdict.RssMbFirstHalf * 1.1 && verdict.DiskMbSecondHalf < verdict.DiskMbFirstHalf * 1.1;
        ResultLine.Print(verdict with { Holds = holds });
        return holds;
    }
}
