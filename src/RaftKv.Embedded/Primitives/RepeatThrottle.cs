namespace RaftKv.Embedded.Primitives;

/// <summary>
/// Lets the log say the same thing once in each interval, however often it happens; another thing is said at once. Any thread.
/// </summary>
/// <param name="interval">How long the same thing is not said again.</param>
internal sealed class RepeatThrottle(TimeSpan interval)
{
    private const int Most = 64;

    private readonly Dictionary<string, long> _next = new(StringComparer.Ordinal);

    /// <summary>Whether what <paramref name="what"/> stands for is to be said now.</summary>
    /// <param name="what">The thing to say.</param>
    /// <param name="now">In monotonic ticks.</param>
    public bool IsDue(string what, long now)
    {
        lock (_next)
        {
            if (_next.TryGetValue(what, out var next) && now < next)
                return false;
            if (_next.Count >= Most)
                _next.Clear();
            _next[what] = now + interval.Ticks;
            return true;
        }
    }
}
