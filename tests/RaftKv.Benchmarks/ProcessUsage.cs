using System.Globalization;

namespace RaftKv.Benchmarks;

/// <summary>Processor time and memory of a process, from <c>/proc</c>.</summary>
internal static class ProcessUsage
{
    private const double TicksPerSecond = 100;

    /// <summary>User and system time of all its threads, in seconds.</summary>
    public static double CpuSeconds(int processId)
    {
        // The name in brackets may hold spaces; utime and stime are the 12th and 13th field behind it.
        var text = File.ReadAllText($"/proc/{processId}/stat");
        var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
        return (long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture)) / TicksPerSecond;
    }

    public static double ResidentMegabytes(int processId)
    {
        var line = File.ReadLines($"/proc/{processId}/status").First(l => l.StartsWith("VmRSS:", StringComparison.Ordinal));
        var kilobytes = long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
        return Math.Round(kilobytes / 1024.0, 1);
    }
}
