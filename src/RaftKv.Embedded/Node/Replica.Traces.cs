using RaftKv.Embedded.Transport;

namespace RaftKv.Embedded.Node;

// A traced write has a span on the leader too, from its arrival to its commit: what a follower's caller waited for is seen where it happened.
internal sealed partial class Replica
{
    private const int MaxTraces = 1024;

    private readonly List<TraceParent> _forwardedTraces = [];
    private readonly Dictionary<string, IReadOnlyList<TraceParent>> _announcedTraces = [];
    private readonly Queue<(long Index, TraceParent Parent, DateTime Received)> _ledTraces = new();

    /// <summary>Notes whose span a write that is about to leave belongs to.</summary>
    private void NoteTrace(WriteOperation write)
    {
        if (write.Trace is { } span && !_context.Leads)
            _forwardedTraces.Add(TraceParent.Of(span.Context));
    }

    /// <summary>Before the writes they belong to: the leader takes both for one.</summary>
    private void AnnounceTraces(string leader)
    {
        if (_forwardedTraces.Count == 0)
            return;
        _context.Transport.Send(leader, new ForwardTraces([.. _forwardedTraces.Take(MaxTraces)]));
        _forwardedTraces.Clear();
    }

    /// <summary>The writes announced by <paramref name="from"/> are in the log now, if the core took them.</summary>
    private void FollowTraces(string from)
    {
        if (!_announcedTraces.Remove(from, out var parents) || !_context.Leads || _context.Dependencies.Telemetry is null)
            return;
        foreach (var parent in parents)
        {
            if (_ledTraces.Count < MaxTraces)
                _ledTraces.Enqueue((_context.Core!.LastIndex, parent, _context.Clock.Wall.UtcDateTime));
        }
    }

    private void EndTraces()
    {
        while (_ledTraces.TryPeek(out var led) && led.Index <= _context.Core!.CommitIndex)
        {
            _ledTraces.Dequeue();
            _context.Dependencies.Telemetry?.Led(led.Parent.ToContext(), led.Received, _context.Clock.Wall.UtcDateTime);
        }
    }
}
