namespace RaftKv.Embedded.Consensus;

/// <summary>
/// Log time, what a leader stamps its entries with. It continues from the last statement of a leader with this node's monotonic clock, so a jump of a wall clock does not make
/// log time jump. The difference from the wall clock is made up slowly, by one part in <see cref="Slew"/> of the time that passes. Only a node that leads without having
/// heard from a leader since it started takes its wall clock at once, because it cannot know how long it was away.
/// </summary>
internal sealed class LogClock(long lastTimeMs)
{
    /// <summary>Log time runs at most this part faster or slower than real time.</summary>
    public const int Slew = 20;

    // 100 ns since the Unix epoch, as of _at.
    private long _time = lastTimeMs * TimeSpan.TicksPerMillisecond;
    private long _at;
    private bool _runs;

    // The last statement of a leader: its term, and the log time it had reached.
    private long _statedTerm;
    private long _statedMs;

    /// <summary>
    /// The leader of <paramref name="term"/> has reached this log time: an entry or a heartbeat says so. A statement that was overtaken by a later one of the same term is ignored.
    /// </summary>
    public void Observe(long term, long timeMs, Moment now)
    {
        if (term == _statedTerm && timeMs < _statedMs)
            return;
        (_statedTerm, _statedMs) = (term, timeMs);
        (_time, _at, _runs) = (timeMs * TimeSpan.TicksPerMillisecond, now.Ticks, true);
    }

    /// <summary>A snapshot was installed: log time is not before its time.</summary>
    public void NotBefore(long timeMs, Moment now)
    {
        if (!_runs || Estimate(now) < timeMs)
            (_time, _at, _runs) = (timeMs * TimeSpan.TicksPerMillisecond, now.Ticks, true);
    }

    /// <summary>This node led in <paramref name="term"/> and stops; it was followed by a quorum until this log time.</summary>
    public void Led(long term, long timeMs) => (_statedTerm, _statedMs) = (term, timeMs);

    /// <summary>
    /// Until which log time the cluster is known to have had a leader, for a node that has just won an election and whose log ends with this entry. Only statements of the leader
    /// that stamped that entry count: another leader's clock may have been ahead or behind.
    /// </summary>
    public long LedUntil(long lastTerm, long lastEntryMs) => _statedTerm == lastTerm ? Math.Max(_statedMs, lastEntryMs) : lastEntryMs;

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

    /// <summary>The log time by the last statement that was heard; ahead of the leader's by the slew at most.</summary>
    public long Estimate(Moment now) => (_runs ? _time + now.Ticks - _at : _time) / TimeSpan.TicksPerMillisecond;
}
