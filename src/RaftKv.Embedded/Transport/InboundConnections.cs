using RaftKv.Embedded.Diagnostics;

namespace RaftKv.Embedded.Transport;

/// <summary>The accepted connections: never more than the limits allow, and one per node.</summary>
internal sealed class InboundConnections(TransportContext context)
{
    private readonly object _gate = new();
    private readonly HashSet<InboundConnection> _all = [];
    private readonly LinkedList<InboundConnection> _pending = [];
    private readonly Dictionary<string, InboundConnection> _introduced = new(StringComparer.Ordinal);
    private bool _closed;

    /// <summary>False: there is no room. Whoever has not introduced himself for the longest makes room first.</summary>
    public bool TryAdd(InboundConnection connection)
    {
        InboundConnection? dropped = null;
        lock (_gate)
        {
            if (_closed)
                return false;
            if (_pending.Count >= context.Options.MaxPendingConnections || _pending.Count + _introduced.Count >= context.Options.MaxConnections)
            {
                dropped = _pending.First?.Value;
                if (dropped is not null)
                    _pending.RemoveFirst();
            }
            var room = _pending.Count + _introduced.Count < context.Options.MaxConnections;
            if (room)
            {
                _pending.AddLast(connection);
                _all.Add(connection);
            }
            if (dropped is null && room)
                return true;
            context.Counters.Refused();
            if (context.Throttle.Allows("too many"))
                context.Logger.TooManyConnections(LogThrottle.Seconds);
            if (!room)
                return false;
        }
        dropped!.Hangup();
        return true;
    }

    /// <summary>From now on it is its node's one connection. False: it had to make room meanwhile.</summary>
    public bool TryIntroduce(InboundConnection connection)
    {
        InboundConnection? older;
        lock (_gate)
        {
            if (_closed || !_pending.Remove(connection))
                return false;
            _introduced.Remove(connection.NodeId!, out older);
            _introduced[connection.NodeId!] = connection;
        }
        older?.Hangup();
        return true;
    }

    /// <summary>Its thread, last thing. True if the node it came from has no connection to us any more because of this.</summary>
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

    public bool HearsFrom(string nodeId)
    {
        lock (_gate)
            return _introduced.ContainsKey(nodeId);
    }

    /// <summary>Hangs up on all and admits no more. Returns those whose threads still run.</summary>
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
