using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace RaftKv.Embedded.Http;

/// <summary>How long the last writes through the HTTP routes of a store took, from the call to the acknowledgement by a quorum.</summary>
internal sealed class WriteTimes
{
    private const int Kept = 4096;

    private static readonly ConditionalWeakTable<IDistributedKv, WriteTimes> _all = [];

    private readonly Lock _gate = new();
    private readonly (long At, long Ticks)[] _ring = new (long, long)[Kept];
    private int _next;

    public static WriteTimes Of(IDistributedKv kv) => _all.GetOrCreateValue(kv);

    /// <summary>A write that began at this timestamp has been acknowledged.</summary>
    public void Add(long began)
    {
        var now = Stopwatch.GetTimestamp();
        lock (_gate)
        {
            _ring[_next] = (now, now - began);
            _next = (_next + 1) % Kept;
        }
    }

    /// <returns>Median and longest of those acknowledged within this time, in milliseconds; <c>null</c> when there was none.</returns>
    public (double Median, double Longest)? Within(TimeSpan time)
    {
        var since = Stopwatch.GetTimestamp() - (long)(time.TotalSeconds * Stopwatch.Frequency);
        long[] times;
        lock (_gate)
            times = [.. _ring.Where(w => w.At > since).Select(w => w.Ticks)];
        if (times.Length == 0)
            return null;
        Array.Sort(times);
        return (Milliseconds(times[times.Length / 2]), Milliseconds(times[^1]));
    }

    private static double Milliseconds(long ticks) => Math.Round(ticks * 1000.0 / Stopwatch.Frequency, 2);
}
