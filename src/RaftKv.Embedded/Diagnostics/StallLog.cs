using Microsoft.Extensions.Logging;
using RaftKv.Embedded.Replica;

namespace RaftKv.Embedded.Diagnostics;

/// <summary>The last stalls of a node, from all sources; those that are still going on included. Any thread.</summary>
internal sealed class StallLog(string nodeId, ReplicaClock clock, ILogger log)
{
    private const int Kept = 16;

    /// <summary>One that goes on is logged again this often.</summary>
    private static readonly TimeSpan LogInterval = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private readonly Dictionary<RaftKvStallCause, long> _logged = [];
    private RaftKvStall[] _stalls = [];

    /// <summary>Raised for each, on the thread that noticed it.</summary>
    public event Action<RaftKvStall>? Stalled;

    /// <summary>Newest first.</summary>
    public IReadOnlyList<RaftKvStall> Recent => Volatile.Read(ref _stalls);

    /// <summary>A stall that is over.</summary>
    public void Add(RaftKvStallCause cause, TimeSpan duration, string detail)
    {
        var stall = new RaftKvStall(cause, duration, clock.Wall, detail);
        bool wasKnown;
        lock (_gate)
        {
            wasKnown = _logged.Remove(cause);
            Keep(stall);
        }
        log.Stalled(nodeId, cause, (long)duration.TotalMilliseconds, detail);
        if (!wasKnown)
            Stalled?.Invoke(stall);
    }

    /// <summary>A stall that has lasted for so long, and goes on. Logged at once, and every 10 s.</summary>
    public void GoesOn(RaftKvStallCause cause, TimeSpan duration, string detail)
    {
        var stall = new RaftKvStall(cause, duration, clock.Wall, detail) { IsOngoing = true };
        bool isNew, isDue;
        lock (_gate)
        {
            isNew = !_logged.TryGetValue(cause, out var loggedAt);
            isDue = isNew || clock.Ticks - loggedAt >= LogInterval.Ticks;
            if (isDue)
                _logged[cause] = clock.Ticks;
            Keep(stall);
        }
        if (isDue)
            log.StallGoesOn(nodeId, cause, (long)duration.TotalMilliseconds, detail);
        if (isNew)
            Stalled?.Invoke(stall);
    }

    /// <summary>The stall of this cause that went on, if there is one, is over.</summary>
    public void IsOver(RaftKvStallCause cause)
    {
        RaftKvStall? stall;
        lock (_gate)
        {
            if (!_logged.Remove(cause))
                return;
            stall = Array.Find(_stalls, s => s.IsOngoing && s.Cause == cause);
            if (stall is not null)
                Keep(stall with { IsOngoing = false });
        }
        if (stall is not null)
            log.Stalled(nodeId, cause, (long)stall.Duration.TotalMilliseconds, stall.Detail);
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

    /// <summary>What happened since that may lead to an election, the oldest first, as the first links of a chain of causes; empty when nothing did.</summary>
    public string ChainSince(DateTimeOffset since) =>
        string.Concat(Recent.Where(s => (s.IsOngoing || s.At + s.Duration >= since) && s.Cause != RaftKvStallCause.ThreadPool).Reverse().Select(s => $"{s.Cause.ToString().ToLowerInvariant()} {s.Duration.TotalMilliseconds:N0} ms on {nodeId} → "));

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
}
