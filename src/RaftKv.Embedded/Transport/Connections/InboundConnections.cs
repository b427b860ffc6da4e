using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Transport;

/// <summary>The accepted connections: never more than the limits allow, and one per node.</summary>
/// <param name="context">The state that all connections share.</param>
/// <param name="introduced">Called with the id of each node that has introduced itself and is welcome.</param>
internal sealed class InboundConnections(TransportContext context, Action<string> introduced)
{
    private readonly object _gate = new();
    private readonly HashSet<InboundConnection> _all = [];
    private readonly LinkedList<InboundConnection> _pending = [];
    private readonly Dictionary<string, InboundConnection> _introduced = new(StringComparer.Ordinal);
    private bool _closed;

    /// <summary>
    /// Adds an accepted connection; <c>false</c> if there is no room. To make room, the oldest connection without an introduction is ended.
    /// </summary>
    public bool TryAdd(InboundConnection connection)
    {
        InboundConnection? dropped = null;
        bool room;
        lock (_gate)
        {
            if (_closed)
                return false;
            if (_pending.Count >= context.Options.MaxPendingConnections
                || _pending.Count + _introduced.Count >= context.Options.MaxConnections)
            {
                dropped = _pending.First?.Value;
                if (dropped is not null)
                    _pending.RemoveFirst();
            }
            // Connections that are ending still have threads, so their number is bounded too.
            room = _pending.Count + _introduced.Count < context.Options.MaxConnections && _all.Count < 2 * context.Options.MaxConnections;
            if (room)
            {
                _pending.AddLast(connection);
                _all.Add(connection);
            }
        }
        dropped?.Hangup();
        if (dropped is not null || !room)
        {
            context.Counters.Refused();
            if (context.Throttle.Allows("too many"))
                context.Logger.TooManyConnections(LogThrottle.Seconds);
        }
        return room;
    }

    /// <summary>
    /// Makes a connection the only one of its node. Waits until earlier connections of the node have delivered their last message, so that
    /// the messages of a node never overtake each other. False: the connection was ended meanwhile to make room, or an earlier one does not
    /// end in time.
    /// </summary>
    public bool TryIntroduce(InboundConnection connection, PeerHello peer, Deadline deadline)
    {
        var nodeId = peer.NodeId;
        InboundConnection[] older;
        lock (_gate)
        {
            if (_closed || !_pending.Remove(connection))
                return false;
            older = [.. _all.Where(c => c.NodeId == nodeId)];
            connection.Peer = peer;
            _introduced[nodeId] = connection;
        }
        introduced(nodeId);
        foreach (var one in older)
            one.Hangup();
        return Array.TrueForAll(older, one => one.Join(deadline.Remaining));
    }

    /// <summary>
    /// Called by the thread of a connection at its end. True if it was the current connection of its node, which has none any more.
    /// </summary>
    public bool Remove(InboundConnection connection)
    {
        lock (_gate)
        {
            _all.Remove(connection);
            _pending.Remove(connection);
            if (connection.NodeId is not { } node || _introduced.GetValueOrDefault(node) != connection)
                return false;
            return _introduced.Remove(node);
        }
    }

    /// <summary>The peer that is connected under this name; <c>null</c> if there is none.</summary>
    public PeerHello? PeerCalled(string nodeId)
    {
        lock (_gate)
            return _introduced.GetValueOrDefault(nodeId)?.Peer;
    }

    public bool HearsFrom(string nodeId)
    {
        lock (_gate)
            return _introduced.ContainsKey(nodeId);
    }

    /// <summary>Ends all connections; each peer may connect and introduce itself again.</summary>
    public void HangUpAll()
    {
        InboundConnection[] all;
        lock (_gate)
            all = [.. _all];
        foreach (var connection in all)
            connection.Hangup();
    }

    /// <summary>Ends all connections and admits no more. Returns the connections whose threads may still run.</summary>
    public InboundConnection[] Close()
    {
        InboundConnection[] all;
        lock (_gate)
        {
            _closed = true;
            all = [.. _all];
        }
        foreach (var connection in all)
            connection.Hangup();
        return all;
    }
}
