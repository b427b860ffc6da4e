using System.Collections.Concurrent;
using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Node;

/// <summary>
/// Nodes that are being admitted without an operator, one attempt at a time for each, and why the last attempt failed. The holder of the
/// turn writes, any thread reads.
/// </summary>
internal sealed class JoinRequests
{
    private const int MaxUnderWay = 16;
    private const int MaxRefusals = 64;

    /// <summary>
    /// A node that was refused asks several times a second; the next attempt begins this long after the refusal at the earliest.
    /// </summary>
    private static readonly long RetryInterval = TimeSpan.FromSeconds(1).Ticks;

    private readonly RepeatThrottle _reports = new(TimeSpan.FromSeconds(10));
    private readonly HashSet<string> _underWay = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<(string NodeId, Guid Incarnation), Refusal> _refusals = [];

    /// <summary>Any thread. Why the node was not admitted; empty if there is nothing to say.</summary>
    public string AnswerTo(string nodeId, Guid incarnation) =>
        _refusals.TryGetValue((nodeId, incarnation), out var refusal) ? refusal.Message : "";

    /// <summary>Whether an attempt may begin now.</summary>
    public bool TryBegin(string nodeId, Guid incarnation, long now)
    {
        if (_refusals.TryGetValue((nodeId, incarnation), out var refusal) && now < refusal.At + RetryInterval)
            return false;
        return _underWay.Count < MaxUnderWay && _underWay.Add(nodeId);
    }

    /// <summary>Ends an attempt. Returns whether its refusal is to be logged.</summary>
    /// <param name="nodeId">The node that asked.</param>
    /// <param name="incarnation">Its data directory.</param>
    /// <param name="error">Why the attempt failed; <c>null</c> if it did not.</param>
    /// <param name="message">The same in words, which may contain times that change with each attempt.</param>
    /// <param name="now">In monotonic ticks.</param>
    public bool End(string nodeId, Guid incarnation, RaftKvMembershipError? error, string message, long now)
    {
        _underWay.Remove(nodeId);
        var key = (nodeId, incarnation);
        if (error is not { } refusal)
        {
            _refusals.TryRemove(key, out _);
            return false;
        }
        if (_refusals.Count >= MaxRefusals)
            _refusals.Clear();
        _refusals[key] = new Refusal(message, now);
        return _reports.IsDue($"{nodeId} {incarnation} {refusal}", now);
    }

    private sealed record Refusal(string Message, long At);
}
