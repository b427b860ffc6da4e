using RaftKv.Embedded.Transport;

namespace RaftKv.Embedded.Node;

/// <summary>
/// The spans of traced writes. A traced write has a span on the leader too, from its arrival to its commit. A follower announces the spans
/// of the writes that it forwards.
/// </summary>
internal sealed class WriteTraces(ReplicaContext context)
{
    private const int MaxTraces = 1024;

    /// <summary>On a follower: the spans of writes that are forwarded next.</summary>
    private readonly List<TraceParent> _forwarded = [];

    /// <summary>On the leader: the spans that peers announced for the writes they send next.</summary>
    private readonly Dictionary<string, IReadOnlyList<TraceParent>> _announced = [];

    /// <summary>On the leader: the spans of forwarded writes that are not committed.</summary>
    private readonly Queue<(long Index, TraceParent Parent, DateTime Received)> _led = new();

    /// <summary>A write is about to be given to the leader.</summary>
    public void Record(WriteOperation write)
    {
        if (write.Trace is { } span && !context.Leads)
            _forwarded.Add(TraceParent.Of(span.Context));
    }

    /// <summary>Called before the writes that the spans belong to are sent: the leader relates the two by their order.</summary>
    public void Announce(string leader)
    {
        if (_forwarded.Count == 0)
            return;
        context.Transport.Send(leader, new ForwardTraces([.. _forwarded.Take(MaxTraces)]));
        _forwarded.Clear();
    }

    public void OnAnnounced(string from, ForwardTraces traces)
    {
        if (traces.Parents.Count <= MaxTraces)
            _announced[from] = traces.Parents;
    }

    /// <summary>The writes announced by <paramref name="from"/> are in the log now, if the core took them.</summary>
    public void Begin(string from)
    {
        if (!_announced.Remove(from, out var parents) || !context.Leads || context.Ports.Telemetry is null)
            return;
        foreach (var parent in parents)
        {
            if (_led.Count < MaxTraces)
                _led.Enqueue((context.Core!.LastIndex, parent, context.Clock.Wall.UtcDateTime));
        }
    }

    /// <summary>Ends the spans of writes that are committed.</summary>
    public void EndCommitted()
    {
        while (_led.TryPeek(out var led) && led.Index <= context.Core!.CommitIndex)
        {
            _led.Dequeue();
            context.Ports.Telemetry?.Led(led.Parent.ToContext(), led.Received, context.Clock.Wall.UtcDateTime);
        }
    }
}
