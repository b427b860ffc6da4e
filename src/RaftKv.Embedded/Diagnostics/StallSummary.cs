namespace RaftKv.Embedded.Diagnostics;

/// <summary>
/// The short stalls that are not logged yet. The first one is logged at once; those that follow within a minute are logged together at its
/// end. One caller at a time.
/// </summary>
internal sealed class StallSummary
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private readonly SortedDictionary<RaftKvStallCause, (int Count, RaftKvStall Longest)> _stalls = [];
    private long _nextAt = long.MinValue;

    public void Add(RaftKvStall stall)
    {
        var (count, longest) = _stalls.GetValueOrDefault(stall.Cause, (0, stall));
        _stalls[stall.Cause] = (count + 1, stall.Duration > longest.Duration ? stall : longest);
    }

    /// <summary>The text to log now; <c>null</c> when there is none.</summary>
    /// <param name="now">In monotonic ticks.</param>
    public string? Take(long now)
    {
        if (_stalls.Count == 0 || now < _nextAt)
            return null;
        _nextAt = now + Interval.Ticks;
        var text = string.Join("; ", _stalls.Select(s => Describe(s.Value.Count, s.Value.Longest)));
        _stalls.Clear();
        return text;
    }

    private static string Describe(int count, RaftKvStall longest)
    {
        var name = longest.Cause.ToString();
        return count == 1
            ? $"{name} for {longest.Duration.TotalMilliseconds:F0} ms ({longest.Detail})"
            : $"{name} {count} times, at most {longest.Duration.TotalMilliseconds:F0} ms ({longest.Detail})";
    }
}
