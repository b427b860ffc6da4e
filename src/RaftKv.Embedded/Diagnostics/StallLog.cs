using Microsoft.Extensions.Logging;
using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Diagnostics;

/// <summary>
/// The last stalls of a node, from all sources, including stalls that are still going on. Any thread. A short stall is an Information line,
/// at most one a minute for all of them; one that lasts for a second is a warning at once and every 10 s, and another line says that it is
/// over.
/// </summary>
internal sealed class StallLog(string nodeId, ReplicaClock clock, ILogger log)
{
    private const int Kept = 16;

    /// <summary>From this duration on, a stall is logged as a warning of its own.</summary>
    private static readonly TimeSpan Lasting = TimeSpan.FromSeconds(1);

    /// <summary>A lasting stall is logged again at this interval.</summary>
    private static readonly TimeSpan LogInterval = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private readonly StallSummary _summary = new();

    /// <summary>The causes of the stalls that go on, and what was logged about them.</summary>
    private readonly Dictionary<RaftKvStallCause, Told> _ongoing = [];
    private RaftKvStall[] _stalls = [];

    /// <summary>Raised once for each stall, on the thread that noticed it.</summary>
    public event Action<RaftKvStall>? Stalled;

    /// <summary>The last stalls, newest first.</summary>
    public IReadOnlyList<RaftKvStall> Recent => Volatile.Read(ref _stalls);

    /// <summary>Records a stall that is over.</summary>
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

    /// <summary>Records a stall that has lasted for <paramref name="duration"/> and goes on.</summary>
    public void GoesOn(RaftKvStallCause cause, TimeSpan duration, string detail)
    {
        if (Keep(cause, duration, detail, hasLeader: true, isLasting: duration >= Lasting))
            log.StallLasts(nodeId, cause, (long)duration.TotalSeconds, detail);
    }

    /// <summary>Records a stall of the network that goes on, in which no leader is known any more.</summary>
    /// <param name="duration">How long no leader has been heard from.</param>
    /// <param name="detail">Which voters are silent.</param>
    /// <param name="isLasting">Whether it has lasted for longer than an election takes.</param>
    public void GoesOnWithoutLeader(TimeSpan duration, string detail, bool isLasting)
    {
        if (Keep(RaftKvStallCause.Network, duration, detail, hasLeader: false, isLasting))
            log.NoLeader(nodeId, (long)duration.TotalSeconds, detail);
    }

    /// <summary>Ends the stall of this cause that goes on, if there is one.</summary>
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

    /// <summary>Logs the short stalls of the last minute, if that is due.</summary>
    public void Summarize()
    {
        string? summary;
        lock (_gate)
            summary = _summary.Take(clock.Ticks);
        if (summary is not null)
            log.ShortStalls(nodeId, summary);
    }

    /// <summary>Whether the log or the apply of entries has been hanging for at least <paramref name="duration"/>.</summary>
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
    /// The stalls since a time that may lead to an election, the oldest first, as text for the begin of a chain of causes; empty when there
    /// are none.
    /// </summary>
    public string ChainSince(DateTimeOffset since) =>
        string.Concat(Recent
            .Where(s => (s.IsOngoing || s.At + s.Duration >= since) && s.Cause != RaftKvStallCause.ThreadPool)
            .Reverse()
            .Select(s => $"{s.Cause.ToString().ToLowerInvariant()} {s.Duration.TotalMilliseconds:N0} ms on {nodeId} → "));

    /// <summary>Keeps a stall that goes on.</summary>
    /// <returns>Whether the stall must be logged now.</returns>
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
        // Some stalls, such as garbage collections, are known only when they have ended.
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

    /// <summary>
    /// Stores a stall, in the place of the one of its cause that went on, if there is one. When there are too many, the oldest one that is
    /// over is dropped.
    /// </summary>
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

    /// <param name="At">When the stall was logged last, in monotonic ticks; <c>null</c> before it was.</param>
    /// <param name="NoLeader">Whether no leader was known then.</param>
    private readonly record struct Told(long? At, bool NoLeader);
}
