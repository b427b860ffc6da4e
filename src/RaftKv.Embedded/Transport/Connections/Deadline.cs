using System.Diagnostics;

namespace RaftKv.Embedded.Transport;

/// <summary>
/// A point in time by which something must be over. Sockets are only used in real time, never in a simulation, so this reads the monotonic
/// clock of the machine.
/// </summary>
internal readonly struct Deadline
{
    private readonly long _at;

    private Deadline(long at) => _at = at;

    public static Deadline After(TimeSpan time) => new(Stopwatch.GetTimestamp() + (long)(time.TotalSeconds * Stopwatch.Frequency));

    /// <summary>Never negative.</summary>
    public TimeSpan Remaining
    {
        get
        {
            var left = _at - Stopwatch.GetTimestamp();
            return left <= 0 ? TimeSpan.Zero : TimeSpan.FromSeconds((double)left / Stopwatch.Frequency);
        }
    }

    public bool HasPassed => Stopwatch.GetTimestamp() >= _at;
}
