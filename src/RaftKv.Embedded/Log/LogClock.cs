using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Log;

/// <summary>
/// Log time: the time with which a leader stamps its entries. It continues from the log time that a leader stated last, by this node's
/// monotonic clock, so a jump of a wall clock does not make log time jump. A small difference from the wall clock is corrected slowly, by
/// one part in <see cref="Slew"/> of the time that passes; a large one stays, because nothing depends on it. Only a node that leads without
/// having heard from a leader since it started takes the wall clock at once, because it cannot know how long the cluster was down.
/// </summary>
internal sealed class LogClock(long lastTimeMs)
{
    /// <summary>During a correction log time runs faster or slower than real time by one part in this number at most.</summary>
    public const int Slew = 20;

    /// <summary>
    /// Differences from the wall clock up to this are corrected. A larger one is more than inaccuracy of a clock, and a correction would
    /// distort every time to live by as much.
    /// </summary>
    public const long SlewRangeMs = 60_000;

    /// <summary>Log time does not jump to a wall clock that is ahead by no more than this.</summary>
    private const long JumpMs = 1_000;

    // In units of 100 ns since the Unix epoch, at the moment _at.
    private long _time = lastTimeMs * TimeSpan.TicksPerMillisecond;
    private long _at;
    private bool _runs;

    /// <summary>
    /// This node leads, does not know how long the cluster was down, and did not know the wall clock when it began to lead.
    /// </summary>
    private bool _waitsForWall;

    // The last statement of a leader: its term, and the log time it had reached.
    private long _statedTerm;
    private long _statedMs;

    /// <summary>
    /// The leader of <paramref name="term"/> has reached this log time: an entry or a heartbeat says so. A statement that was overtaken by
    /// a later one of the same term is ignored.
    /// </summary>
    public void Observe(long term, long timeMs, Moment now)
    {
        if (term == _statedTerm && timeMs < _statedMs)
            return;
        (_statedTerm, _statedMs) = (term, timeMs);
        _waitsForWall = false;
        (_time, _at, _runs) = (timeMs * TimeSpan.TicksPerMillisecond, now.Ticks, true);
    }

    /// <summary>A snapshot was installed: log time is not before its time.</summary>
    public void NotBefore(long timeMs, Moment now)
    {
        if (!_runs || Estimate(now) < timeMs)
            (_time, _at, _runs) = (timeMs * TimeSpan.TicksPerMillisecond, now.Ticks, true);
    }

    /// <summary>This node led in <paramref name="term"/> and steps down; a quorum followed it until this log time.</summary>
    public void Led(long term, long timeMs) => (_statedTerm, _statedMs) = (term, timeMs);

    /// <summary>
    /// Until which log time the cluster is known to have had a leader, for a node that has just won an election and whose log ends with
    /// this entry. Only statements of the leader that stamped that entry count: another leader's clock may have been ahead or behind.
    /// </summary>
    public long LedUntil(long lastTerm, long lastEntryMs) => _statedTerm == lastTerm ? Math.Max(_statedMs, lastEntryMs) : lastEntryMs;

    /// <summary>The time to stamp an entry with. <see cref="Moment.UnixMs"/> is the wall clock to follow, 0 when it is not known.</summary>
    public long Stamp(Moment now)
    {
        var wall = now.UnixMs * TimeSpan.TicksPerMillisecond;
        if (_runs)
        {
            var passed = now.Ticks - _at;
            _time += passed;
            if (wall != 0 && Math.Abs(wall - _time) <= SlewRangeMs * TimeSpan.TicksPerMillisecond)
                _time += Math.Clamp(wall - _time, -passed / Slew, passed / Slew);
        }
        else
        {
            _time = Math.Max(_time, wall);
            _waitsForWall = wall == 0;
            _runs = true;
        }
        _at = now.Ticks;
        return _time / TimeSpan.TicksPerMillisecond;
    }

    /// <summary>
    /// For a leader that began without a known wall clock: once the wall clock is known, log time jumps to it if log time is behind by more
    /// than a second. <c>true</c> when it has jumped: the next entry must then say that no node led during the time of the jump.
    /// </summary>
    public bool TryCatchUp(Moment now)
    {
        if (!_waitsForWall || now.UnixMs == 0)
            return false;
        _waitsForWall = false;
        if (now.UnixMs - Stamp(now) <= JumpMs)
            return false;
        _time = now.UnixMs * TimeSpan.TicksPerMillisecond;
        return true;
    }

    /// <summary>The log time by the last statement that was received; ahead of the leader's by the slew at most.</summary>
    public long Estimate(Moment now) => (_runs ? _time + now.Ticks - _at : _time) / TimeSpan.TicksPerMillisecond;
}
