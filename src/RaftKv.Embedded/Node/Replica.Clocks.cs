using RaftKv.Embedded.Diagnostics;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Primitives;
using RaftKv.Embedded.Transport;

namespace RaftKv.Embedded.Node;

// Wall clocks. Log time is a timeline of its own: it follows the median of a quorum's wall clocks where it can, and absolute times are
// converted where they come in and where
// they are shown, so that no distance between the two changes how long a key lives.
internal sealed partial class Replica
{
    private static readonly long ClockInterval = TimeSpan.FromSeconds(1).Ticks;
    private static readonly long AnnounceInterval = TimeSpan.FromSeconds(5).Ticks;

    /// <summary>Turns are taken every 20 ms at least; after a longer gap this thread was stopped.</summary>
    private static readonly long LongTurn = TimeSpan.FromMilliseconds(250).Ticks;

    /// <summary>What is said again when it still holds.</summary>
    private static readonly long ReminderInterval = TimeSpan.FromHours(1).Ticks;

    /// <summary>A log time that is ahead of the clocks by more than this is told.</summary>
    private const long ToldAheadMs = 60_000;

    /// <summary>
    /// What is shown of a key's end is changed when it is off by at least this: readings of two clocks differ by a millisecond each time.
    /// </summary>
    private const long ShownPrecisionMs = 10;

    private readonly WallClocks _wallClocks;
    private IReadOnlyDictionary<string, long> _clockDifferences = new Dictionary<string, long>();
    private long _nextClockLook;
    private long _clocksUnheardUntil;
    private long _nextAnnouncement;
    private long _nextReminder;
    private long _wallAheadMs;
    private long _logAheadMs = long.MinValue;

    /// <summary>Any thread. The wall time, by this node's clock, at which log time reaches a value; 0 stays 0.</summary>
    public long ToWallTime(long logTimeMs) => logTimeMs == 0 ? 0 : Math.Clamp(logTimeMs + Volatile.Read(ref _wallAheadMs), 1, KvTime.MaxUnixMs);

    /// <summary>Any thread. By how much log time is ahead of this node's wall clock.</summary>
    private TimeSpan? LogTimeAhead => Volatile.Read(ref _logAheadMs) is var ahead and not long.MinValue ? TimeSpan.FromMilliseconds(ahead) : null;

    /// <summary>
    /// The time of a turn. Its wall clock is the one that log time may follow: the median of a quorum's, or none (0) while that is not
    /// known.
    /// </summary>
    private Moment ReadClock()
    {
        var now = _context.Clock.Ticks;
        // What waited while this thread stood still says what clocks showed a while ago.
        if (_context.Core is not null && now - _context.Now.Ticks > LongTurn)
            _clocksUnheardUntil = now + ClockInterval;
        // Nodes of earlier versions do not tell their clocks, and give absolute times as log time.
        if (_context.Core is not { } core || core.Configuration.FeatureLevel < FeatureLevels.Safeguards)
            return new Moment(now, _context.Clock.Wall.ToUnixTimeMilliseconds());
        return new Moment(now, _wallClocks.MedianMs is { } median ? median + (now / TimeSpan.TicksPerMillisecond) : 0);
    }

    private void OnWallClock(string from, WallClock clock)
    {
        if (_context.Core?.Configuration.Find(from) is not { } member || IsOtherIncarnation(from))
            return;
        // Followers send each other nothing else.
        _contacts.Record(from, _context.Now.Ticks);
        if (_context.Now.Ticks >= _clocksUnheardUntil)
        {
            _wallClocks.Note(from, member.Incarnation, clock.UnixMs, _context.Now.Ticks);
            LookAtClocks();
        }
    }

    private void SweepClocks()
    {
        if (_context.Core is null)
            return;
        if (_context.Now.Ticks >= _nextClockLook)
            LookAtClocks();
        if (_context.Now.Ticks >= _nextAnnouncement)
        {
            _nextAnnouncement = _context.Now.Ticks + AnnounceInterval;
            NoteOwnClock();
            foreach (var member in _context.Core.Configuration.Members)
            {
                if (member.NodeId != _context.NodeId)
                    TellWallClock(member.NodeId);
            }
        }
        CompareWithLogTime();
    }

    private void TellWallClock(string nodeId)
    {
        if (_abilities.Speaks(nodeId, FeatureLevels.Safeguards))
            _context.Transport.Send(nodeId, new WallClock(_context.Clock.Wall.ToUnixTimeMilliseconds()));
    }

    private void NoteOwnClock()
    {
        _wallClocks.Note(_context.NodeId, _context.Identity.Incarnation, _context.Clock.Wall.ToUnixTimeMilliseconds(), _context.Clock.Ticks);
        LookAtClocks();
    }

    private void LookAtClocks()
    {
        _nextClockLook = _context.Now.Ticks + ClockInterval;
        foreach (var (nodeId, difference) in _wallClocks.Update(_context.Core!.Configuration))
        {
            if (_wallClocks.Differences.ContainsKey(nodeId))
                _context.Log.ClockDiffers(_context.NodeId, nodeId, difference);
            else
                _context.Log.ClockAgrees(_context.NodeId, nodeId);
        }
        Volatile.Write(ref _clockDifferences, _wallClocks.Differences);
    }

    private void CompareWithLogTime()
    {
        var ahead = _context.Core!.ReadLogTime(_context.Now) - _context.Clock.Wall.ToUnixTimeMilliseconds();
        if (Math.Abs(ahead + _wallAheadMs) >= ShownPrecisionMs)
            Volatile.Write(ref _wallAheadMs, -ahead);
        Volatile.Write(ref _logAheadMs, ahead);
        if (!_context.Leads || _context.Now.UnixMs == 0 || _context.Core.ReadLogTime(_context.Now) - _context.Now.UnixMs <= ToldAheadMs || _context.Now.Ticks < _nextReminder)
            return;
        _nextReminder = _context.Now.Ticks + ReminderInterval;
        _context.Log.LogTimeAhead(_context.NodeId, (_context.Core.ReadLogTime(_context.Now) - _context.Now.UnixMs) / 1_000);
    }
}
