namespace RaftKv.Embedded.Primitives;

/// <summary>
/// Allows a message once in each interval, however often its event happens; each other message has its own interval. Any thread.
/// </summary>
/// <param name="interval">How long the same message is not allowed again.</param>
internal sealed class RepeatThrottle(TimeSpan interval)
{
    private const int Most = 64;

    private readonly Dictionary<string, long> _next = new(StringComparer.Ordinal);

    /// <summary>Whether a message is to be logged now.</summary>
    /// <param name="what">Identifies the message.</param>
    /// <param name="now">The current time, in monotonic ticks.</param>
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
