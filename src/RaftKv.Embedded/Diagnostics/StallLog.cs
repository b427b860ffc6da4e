using Microsoft.Extensions.Logging;
using RaftKv.Embedded.Replica;

namespace RaftKv.Embedded.Diagnostics;

/// <summary>The last stalls of a node, whoever noticed them. Any thread.</summary>
internal sealed class StallLog(string nodeId, ReplicaClock clock, ILogger log)
{
    private const int Kept = 16;

    private readonly Lock _gate = new();
    private RaftKvStall[] _stalls = [];

    /// <summary>Raised for each, on the thread that noticed it.</summary>
    public event Action<RaftKvStall>? Stalled;

    /// <summary>Newest first.</summary>
    public IReadOnlyList<RaftKvStall> Recent => Volatile.Read(ref _stalls);

    public void Add(RaftKvStallCause cause, TimeSpan duration, string detail)
    {
        var stall = new RaftKvStall(cause, duration, clock.Wall, detail);
        lock (_gate)
            Volatile.Write(ref _stalls, [stall, .. _stalls.Take(Kept - 1)]);
        log.Stalled(nodeId, cause, (long)duration.TotalMilliseconds, detail);
        Stalled?.Invoke(stall);
    }

    /// <summary>What happened since that may lead to an election, the oldest first, as the first links of a chain of causes; empty when nothing did.</summary>
    public string ChainSince(DateTimeOffset since) =>
        string.Concat(Recent.TakeWhile(s => s.At >= since).Where(s => s.Cause != RaftKvStallCause.ThreadPool).Reverse().Select(s => $"{s.Cause.ToString().ToLowerInvariant()} {s.Duration.TotalMilliseconds:N0} ms on {nodeId} → "));
}
