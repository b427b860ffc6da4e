namespace RaftKv.Embedded.Transport;

/// <summary>Counts what the transport has done since it was created. No instrument of the meter shows these counters.</summary>
internal sealed class TransportCounters
{
    private long _messagesDropped, _messagesUnknown, _connectionsRefused, _connectionsInvalid;

    /// <summary>Messages that were not sent: not connected, the peer's buffer full, or too large.</summary>
    public long MessagesDropped => Volatile.Read(ref _messagesDropped);

    /// <summary>Messages of types this version does not know.</summary>
    public long MessagesUnknown => Volatile.Read(ref _messagesUnknown);

    /// <summary>
    /// Accepted connections that were refused: too many, ended to make room before their introduction, not authenticated, or refused by
    /// verdict.
    /// </summary>
    public long ConnectionsRefused => Volatile.Read(ref _connectionsRefused);

    /// <summary>Connections that were closed because of malformed bytes, and dialled ones whose authentication failed.</summary>
    public long ConnectionsInvalid => Volatile.Read(ref _connectionsInvalid);

    public void Dropped() => Interlocked.Increment(ref _messagesDropped);

    public void Unknown() => Interlocked.Increment(ref _messagesUnknown);

    public void Refused() => Interlocked.Increment(ref _connectionsRefused);

    public void Invalid() => Interlocked.Increment(ref _connectionsInvalid);
}
