using RaftKv.Embedded.Diagnostics;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Primitives;
using RaftKv.Embedded.Transport;

namespace RaftKv.Embedded.Node;

/// <summary>
/// The wall clocks of the members. Log time is a timeline of its own: it follows the median of a quorum's wall clocks where it can.
/// Absolute times are converted where they come in and where they are shown, so that no difference between the two changes how long a key
/// lives.
/// </summary>
internal sealed class ClusterClocks(ReplicaContext context, PeerContacts contacts, PeerCapabilities abilities, PeerDirectory peers)
{
    private static readonly long Interval = TimeSpan.FromSeconds(1).Ticks;
    private static readonly long AnnounceInterval = TimeSpan.FromSeconds(5).Ticks;

    /// <summary>Turns are taken at least every 20 ms; a gap longer than this means that the thread was stopped.</summary>
    private static readonly long LongTurn = TimeSpan.FromMilliseconds(250).Ticks;

    /// <summary>How often a warning that still holds is logged.</summary>
    private static readonly long ReminderInterval = TimeSpan.FromHours(1).Ticks;

    /// <summary>A log time that is ahead of the clocks by more than this is logged.</summary>
    private const long ToldAheadMs = 60_000;

    /// <summary>
    /// The offset with which the end of a key is shown changes only by at least this: readings of two clocks differ by a millisecond each
    /// time.
    /// </summary>
    private const long ShownPrecisionMs = 10;

    private readonly WallClocks _wallClocks = new(context.NodeId);
    private IReadOnlyDictionary<string, long> _differences = new Dictionary<string, long>();
    private long _nextComparison;
    private long _clocksUnheardUntil;
    private long _nextAnnouncement;
    private long _nextReminder;
    private long _wallAheadMs;
    private long _logAheadMs = long.MinValue;

    /// <summary>Any thread. The wall time, by this node's clock, at which log time reaches a value; 0 stays 0.</summary>
    public long ToWallTime(long logTimeMs) =>
        logTimeMs == 0 ? 0 : Math.Clamp(logTimeMs + Volatile.Read(ref _wallAheadMs), 1, KvTime.MaxUnixMs);

    /// <summary>Any thread. By how much log time is ahead of this node's wall clock; <c>null</c> while that is not known.</summary>
    public TimeSpan? LogTimeAhead =>
        Volatile.Read(ref _logAheadMs) is var ahead and not long.MinValue ? TimeSpan.FromMilliseconds(ahead) : null;

    /// <summary>
    /// Any thread. By how much the member's wall clock differs from that of this node; <c>null</c> while that is not known, or too little
    /// to tell.
    /// </summary>
    public TimeSpan? DifferenceOf(Member member) =>
        Volatile.Read(ref _differences).TryGetValue(member.NodeId, out var ms) ? TimeSpan.FromMilliseconds(ms) : null;

    /// <summary>
    /// The time of a turn. Its wall clock is the one that log time may follow: the median of a quorum's, or none (0) while that is not
    /// known.
    /// </summary>
    public Moment Read()
    {
        var now = context.Clock.Ticks;
        // Messages that waited while this thread stood still say what clocks showed a while ago.
        if (context.Core is not null && now - context.Now.Ticks > LongTurn)
            _clocksUnheardUntil = now + Interval;
        // Nodes of earlier versions do not tell their clocks, and give absolute times as log time.
        if (context.Core is not { } core || core.Configuration.FeatureLevel < FeatureLevels.Safeguards)
            return new Moment(now, context.Clock.Wall.ToUnixTimeMilliseconds());
        return new Moment(now, _wallClocks.MedianMs is { } median ? median + (now / TimeSpan.TicksPerMillisecond) : 0);
    }

    public void OnWallClock(string from, WallClock clock)
    {
        if (context.Core?.Configuration.Find(from) is not { } member || peers.IsOtherIncarnation(from))
            return;
        // Followers send each other no other messages, so this one counts as contact.
        contacts.Record(from, context.Now.Ticks);
        if (context.Now.Ticks >= _clocksUnheardUntil)
        {
            _wallClocks.Note(from, member.Incarnation, clock.UnixMs, context.Now.Ticks);
            Compare();
        }
    }

    public void Sweep()
    {
        if (context.Core is null)
            return;
        if (context.Now.Ticks >= _nextComparison)
            Compare();
        if (context.Now.Ticks >= _nextAnnouncement)
        {
            _nextAnnouncement = context.Now.Ticks + AnnounceInterval;
            RecordOwn();
            foreach (var member in context.Core.Configuration.Members)
            {
                if (member.NodeId != context.NodeId)
                    Tell(member.NodeId);
            }
        }
        CompareWithLogTime();
    }

    public void Tell(string nodeId)
    {
        if (abilities.Speaks(nodeId, FeatureLevels.Safeguards))
            context.Transport.Send(nodeId, new WallClock(context.Clock.Wall.ToUnixTimeMilliseconds()));
    }

    public void RecordOwn()
    {
        _wallClocks.Note(context.NodeId, context.Identity.Incarnation, context.Clock.Wall.ToUnixTimeMilliseconds(), context.Clock.Ticks);
        Compare();
    }

    private void Compare()
    {
        _nextComparison = context.Now.Ticks + Interval;
        foreach (var (nodeId, difference) in _wallClocks.Update(context.Core!.Configuration))
        {
            if (_wallClocks.Differences.ContainsKey(nodeId))
                context.Log.ClockDiffers(context.NodeId, nodeId, difference);
            else
                context.Log.ClockAgrees(context.NodeId, nodeId);
        }
        Volatile.Write(ref _differences, _wallClocks.Differences);
    }

    private void CompareWithLogTime()
    {
        var ahead = context.Core!.ReadLogTime(context.Now) - context.Clock.Wall.ToUnixTimeMilliseconds();
        if (Math.Abs(ahead + _wallAheadMs) >= ShownPrecisionMs)
            Volatile.Write(ref _wallAheadMs, -ahead);
        Volatile.Write(ref _logAheadMs, ahead);
        if (!context.Leads || context.Now.UnixMs == 0 || context.Core.ReadLogTime(context.Now) - context.Now.UnixMs <= ToldAheadMs
            || context.Now.Ticks < _nextReminder)
            return;
        _nextReminder = context.Now.Ticks + ReminderInterval;
        context.Log.LogTimeAhead(context.NodeId, (context.Core.ReadLogTime(context.Now) - context.Now.UnixMs) / 1_000);
    }
}
