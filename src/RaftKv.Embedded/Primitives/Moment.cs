namespace RaftKv.Embedded.Primitives;

/// <summary>
/// The time an event happened. <paramref name="Ticks"/> are monotonic, 100 ns each, since an arbitrary start, and decide every timeout;
/// <paramref name="UnixMs"/> is the wall clock that log time may follow, 0 while none is known; it is only ever written into entries (log
/// time), never compared for safety.
/// </summary>
internal readonly record struct Moment(long Ticks, long UnixMs)
{
    /// <summary>The far future: no deadline.</summary>
    public const long Never = long.MaxValue;
}
