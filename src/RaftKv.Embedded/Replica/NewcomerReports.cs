namespace RaftKv.Embedded.Replica;

/// <summary>
/// Nodes that want to be taken in ask several times a second. The log says so once every ten seconds for each of them and each reason.
/// </summary>
internal sealed class NewcomerReports
{
    private const int Most = 64;

    private static readonly long Interval = TimeSpan.FromSeconds(10).Ticks;

    private readonly Dictionary<string, long> _next = [];

    /// <summary>Whether what <paramref name="what"/> stands for is to be said now.</summary>
    public bool IsDue(string what, long now)
    {
        if (_next.TryGetValue(what, out var next) && now < next)
            return false;
        if (_next.Count >= Most)
            _next.Clear();
        _next[what] = now + Interval;
        return true;
    }
}
