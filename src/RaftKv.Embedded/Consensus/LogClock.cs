namespace RaftKv.Embedded.Consensus;

/// <summary>
/// Log time, what a leader stamps its entries with. It goes on from the last entry with this node's monotonic clock, so no jump of a wall clock makes it jump; what it is off
/// the wall clock it makes up slowly, by one part in <see cref="Slew"/> of the time that passes. Only a node that has seen no entry arrive since it
/// started, and leads, takes its wall clock's word, for it cannot know how long it was away.
/// </summary>
internal sealed class LogClock(long lastTimeMs)
{
    /// <summary>Log time runs at most this part faster or slower than real time.</summary>
    public const int Slew = 20;

    // 100 ns since the Unix epoch, as of _at.
    private long _time = lastTimeMs * TimeSpan.TicksPerMillisecond;
    private long _at;
    private bool _runs;

    /// <summary>A leader's entry has arrived: log time is not before it. That it may be later is made up like everything else.</summary>
    public void Observe(long timeMs, Moment now) => (_time, _at, _runs) = (timeMs * TimeSpan.TicksPerMillisecond, now.Ticks, true);

    /// <summary>The time to stamp an entry with.</summary>
    public long Stamp(Moment now)
    {
        var wall = now.UnixMs * TimeSpan.TicksPerMillisecond;
        if (_runs)
        {
            var passed = now.Ticks - _at;
            _time += passed;
            _time += Math.Clamp(wall - _time, -passed / Slew, passed / Slew);
        }
        else
        {
            _time = Math.Max(_time, wall);
            _runs = true;
        }
        _at = now.Ticks;
        return _time / TimeSpan.TicksPerMillisecond;
    }

    /// <summary>What time it is by the last entry that was seen; never ahead of the leader by more than the slew.</summary>
    public long Estimate(Moment now) => (_runs ? _time + now.Ticks - _at : _time) / TimeSpan.TicksPerMillisecond;
}
