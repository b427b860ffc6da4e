namespace RaftKv.Embedded.Primitives;

/// <summary>
/// The time of an event. <paramref name="Ticks"/> are monotonic, 100 ns each, since an arbitrary start; all timeouts use them.
/// <paramref name="UnixMs"/> is the wall clock that log time may follow, 0 while it is not known; it is only written into entries (log
/// time), and never compared for safety.
/// </summary>
internal readonly record struct Moment(long Ticks, long UnixMs)
{
    /// <summary>The far future: no deadline.</summary>
    public const long Never = long.MaxValue;
}
