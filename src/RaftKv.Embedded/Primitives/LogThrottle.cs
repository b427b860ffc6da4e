using System.Diagnostics;

namespace RaftKv.Embedded.Primitives;

/// <summary>
/// Allows one log line per subject every 10 seconds, so that connection attempts cannot fill the host's disk. Any thread.
/// </summary>
internal sealed class LogThrottle
{
    public const int Seconds = 10;

    private const int MaxSubjects = 256;

    private readonly Dictionary<string, long> _last = new(StringComparer.Ordinal);

    public bool Allows(string subject)
    {
        lock (_last)
        {
            var now = Stopwatch.GetTimestamp();
            if (_last.TryGetValue(subject, out var last) && Stopwatch.GetElapsedTime(last, now).TotalSeconds < Seconds)
                return false;
            if (_last.Count >= MaxSubjects)
                _last.Clear();
            _last[subject] = now;
            return true;
        }
    }
}
