using System.Globalization;

namespace RaftKv.Benchmarks;

/// <summary>
/// Pressure stall information of the whole machine: the percentage of the time between two calls of <see cref="Take"/> in which some task
/// waited for a resource. Tasks of other programs are included.
/// </summary>
internal sealed class ResourcePressure
{
    private readonly Dictionary<string, long> _totals = [];
    private long _at = Environment.TickCount64;

    /// <summary>The percentage since the call before, by resource (cpu, io, memory); 0 at the first call.</summary>
    public Dictionary<string, double> Take()
    {
        var elapsedUs = Math.Max(1, Environment.TickCount64 - _at) * 1_000.0;
        _at = Environment.TickCount64;
        var percents = new Dictionary<string, double>();
        foreach (var resource in (string[])["cpu", "io", "memory"])
        {
            var total = SomeTotal(resource);
            percents[resource] = Math.Round(100 * (total - _totals.GetValueOrDefault(resource, total)) / elapsedUs, 1);
            _totals[resource] = total;
        }
        return percents;
    }

    public static double LoadAverage() => double.Parse(File.ReadAllText("/proc/loadavg").Split(' ')[0], CultureInfo.InvariantCulture);

    private static long SomeTotal(string resource)
    {
        var path = $"/proc/pressure/{resource}";
        if (!File.Exists(path))
            return 0;
        var some = File.ReadLines(path).First(l => l.StartsWith("some", StringComparison.Ordinal));
        return long.Parse(some[(some.IndexOf("total=", StringComparison.Ordinal) + 6)..], CultureInfo.InvariantCulture);
    }
}
