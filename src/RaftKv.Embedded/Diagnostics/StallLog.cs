using Microsoft.Extensions.Logging;
using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Diagnostics;

/// <summary>
/// The last stalls of a node, from all sources; those that are still going on included. Any thread. A short stall is an Information line,
/// at most one a minute for all of them; one that lasts for a second is a warning at once and every 10 s, and another line says that it is
/// over.
/// </summary>
internal sealed class StallLog(string nodeId, ReplicaClock clock, ILogger log)
{
    private const int Kept = 16;

    /// <summary>From here on a stall is a warning of its own.</summary>
    private static readonly TimeSpan Lasting = TimeSpan.FromSeconds(1);

    /// <summary>A lasting one is logged again this often.</summary>
    private static readonly TimeSpan LogInterval = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private readonly StallSummary _summary = new();

    /// <summary>The causes that go on, and what the log has told of them.</summary>
    private readonly Dictionary<RaftKvStallCause, Told> _ongoing = [];
    private RaftKvStall[] _stalls = [];

    /// <summary>Raised for each, on the thread that noticed it.</summary>
    public event Action<RaftKvStall>? Stalled;

    /// <summary>Newest first.</summary>
    public IReadOnlyList<RaftKvStall> Recent => Volatile.Read(ref _stalls);

    /// <summary>A stall that is over.</summary>
    public void Add(RaftKvStallCause cause, TimeSpan duration, string detail)
    {
        var stall = new RaftKvStall { Cause = cause, Duration = duration, At = clock.Wall, Detail = detail };
        bool wasKnown;
        Told told;
        lock (_gate)
        {
            wasKnown = _ongoing.Remove(cause, out told);
            Keep(stall);
        }
        LogEnd(stall, told);
        if (!wasKnown)
            Stalled?.Invoke(stall);
    }

    /// <summary>A stall that has lasted for so long, and goes on.</summary>
    public void GoesOn(RaftKvStallCause cause, TimeSpan duration, string detail)
    {
        if (Keep(cause, duration, detail, hasLeader: true, isLasting: duration >= Lasting))
            log.StallLasts(nodeId, cause, (long)duration.TotalSeconds, detail);
    }

    /// <summary>A stall of the network in which no leader is known any more.</summary>
    /// <param name="duration">How long none has been heard of.</param>
    /// <param name="detail">Which voters are silent.</param>
    /// <param name="isLasting">Whether it has lasted for longer than an election takes.</param>
    public void GoesOnWithoutLeader(TimeSpan duration, string detail, bool isLasting)
    {
        if (Keep(RaftKvStallCause.Network, duration, detail, hasLeader: false, isLasting))
            log.NoLeader(nodeId, (long)duration.TotalSeconds, detail);
    }

    /// <summary>The stall of this cause that went on, if there is one, is over.</summary>
    public void IsOver(RaftKvStallCause cause)
    {
        RaftKvStall? stall;
        Told told;
        lock (_gate)
        {
            if (!_ongoing.Remove(cause, out told))
                return;
            stall = Array.Find(_stalls, s => s.IsOngoing && s.Cause == cause);
            if (stall is not null)
                Keep(stall with { IsOngoing = false });
        }
        if (stall is not null)
            LogEnd(stall, told);
    }

    /// <summary>Tells the log of the short stalls of the last minute, if that is due.</summary>
    public void Summarize()
    {
        string? summary;
        lock (_gate)
            summary = _summary.Take(clock.Ticks);
        if (summary is not null)
            log.ShortStalls(nodeId, summary);
    }

    /// <summary>Whether the log or the applying of entries has hung for so long, and goes on to.</summary>
    public bool HangsFor(TimeSpan duration)
    {
        foreach (var stall in Volatile.Read(ref _stalls))
        {
            if (stall.IsOngoing && stall.Cause is RaftKvStallCause.Fsync or RaftKvStallCause.Apply && stall.Duration >= duration)
                return true;
        }
        return false;
    }

    /// <summary>
    /// What happened since that may lead to an election, the oldest first, as the first links of a chain of causes; empty when nothing did.
    /// </summary>
    public string ChainSince(DateTimeOffset since) =>
        string.Concat(Recent
            .Where(s => (s.IsOngoing || s.At + s.Duration >= since) && s.Cause != RaftKvStallCause.ThreadPool)
            .Reverse()
            .Select(s => $"{s.Cause.ToString().ToLowerInvariant()} {s.Duration.TotalMilliseconds:N0} ms on {nodeId} → "));

    /// <summary>Keeps a stall that goes on.</summary>
    /// <returns>Whether the log is to tell of it now.</returns>
    private bool Keep(RaftKvStallCause cause, TimeSpan duration, string detail, bool hasLeader, bool isLasting)
    {
        var stall = new RaftKvStall { Cause = cause, Duration = duration, At = clock.Wall, Detail = detail, IsOngoing = true };
        bool isNew, isDue;
        lock (_gate)
        {
            isNew = !_ongoing.TryGetValue(cause, out var told);
            isDue = told.At is { } last ? told.NoLeader == hasLeader || clock.Ticks - last >= LogInterval.Ticks : isLasting;
            _ongoing[cause] = new Told(isDue ? clock.Ticks : told.At, !hasLeader);
            Keep(stall);
        }
        if (isNew)
            Stalled?.Invoke(stall);
        return isDue;
    }

    private void LogEnd(RaftKvStall stall, Told told)
    {
        // The garbage collector, say, is known at its end only.
        var lasted = told.At is not null || stall.Duration >= Lasting;
        if (lasted && told.NoLeader)
            log.LeaderKnownAgain(nodeId, (long)stall.Duration.TotalSeconds);
        else if (lasted)
            log.StallEnded(nodeId, stall.Cause, (long)stall.Duration.TotalMilliseconds, stall.Detail);
        else
            AddToSummary(stall);
    }

    private void AddToSummary(RaftKvStall stall)
    {
        lock (_gate)
            _summary.Add(stall);
        Summarize();
    }

    /// <summary>In the place of the one that went on, if there is one. What goes on is kept before what is over.</summary>
    private void Keep(RaftKvStall stall)
    {
        var at = Array.FindIndex(_stalls, s => s.IsOngoing && s.Cause == stall.Cause);
        if (at >= 0 && stall.IsOngoing)
            stall = stall with { At = _stalls[at].At };
        var stalls = at >= 0 ? (RaftKvStall[])[.. _stalls[..at], stall, .. _stalls[(at + 1)..]] : [stall, .. _stalls];
        if (stalls.Length > Kept)
        {
            var oldest = Array.FindLastIndex(stalls, s => !s.IsOngoing);
            stalls = [.. stalls[..oldest], .. stalls[(oldest + 1)..]];
        }
        Volatile.Write(ref _stalls, stalls);
    }

    /// <param name="At">When the log told of the stall last; <c>null</c> before it lasts.</param>
    /// <param name="NoLeader">Whether no leader was known then.</param>
    private readonly record struct Told(long? At, bool NoLeader);
}
