using System.Diagnostics;

namespace RaftKv.Simulation;

/// <summary>Runs seed after seed, and says how far it is.</summary>
internal static class Hunt
{
    private const int EnoughFailures = 12;

    public static int Run(ulong first, ulong count, TimeSpan limit)
    {
        var watch = Stopwatch.StartNew();
        var said = TimeSpan.Zero;
        var (runs, failures, simulated, committed, reads, elections) = (0L, 0, TimeSpan.Zero, 0L, 0L, 0L);
        var faults = new SortedDictionary<string, long>(StringComparer.Ordinal);
        for (var seed = first; seed < first + count && watch.Elapsed < limit && failures < EnoughFailures; seed++)
        {
            var report = SimulationReport.Of(seed);
            runs++;
            simulated += report.Simulated;
            committed += report.Committed;
            reads += report.Reads;
            elections += report.Elections;
            foreach (var (kind, number) in report.Faults)
                faults[kind] = faults.GetValueOrDefault(kind) + number;
            if (report.Failure is { } failure)
            {
                failures++;
                Console.WriteLine($"seed {seed}: {failure}");
            }
            if (watch.Elapsed - said > TimeSpan.FromSeconds(15))
            {
                said = watch.Elapsed;
                Say();
            }
        }
        Say();
        return failures == 0 ? 0 : 1;

        void Say() => Console.WriteLine($"{watch.Elapsed:hh\\:mm\\:ss}  {runs:N0} seeds, {failures} failed, {simulated.TotalHours:N2} hours simulated, "
            + $"{committed:N0} entries, {reads:N0} reads, {elections:N0} elections, {faults.Values.Sum():N0} faults");
    }
}
