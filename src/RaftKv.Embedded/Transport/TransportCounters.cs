namespace RaftKv.Embedded.Transport;

/// <summary>Counts what the transport has done since it was created. No instrument of the meter shows these counters.</summary>
internal sealed class TransportCounters
{
    private long _messagesSent, _bytesSent, _messagesReceived, _bytesReceived;
    private long _messagesDropped, _messagesUnknown, _connectionsRefused, _connectionsInvalid, _connectionsMade;

    /// <summary>Messages put into a connected peer's buffer.</summary>
    public long MessagesSent => Volatile.Read(ref _messagesSent);

    public long BytesSent => Volatile.Read(ref _bytesSent);

    public long MessagesReceived => Volatile.Read(ref _messagesReceived);

    public long BytesReceived => Volatile.Read(ref _bytesReceived);

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

    /// <summary>Connections that were dialled with success.</summary>
    public long ConnectionsMade => Volatile.Read(ref _connectionsMade);

    public void Sent() => Interlocked.Increment(ref _messagesSent);

    public void SentBytes(int bytes) => Interlocked.Add(ref _bytesSent, bytes);

    public void Received() => Interlocked.Increment(ref _messagesReceived);

    public void ReceivedBytes(int bytes) => Interlocked.Add(ref _bytesReceived, bytes);

    public void Dropped() => Interlocked.Increment(ref _messagesDropped);

    public void Unknown() => Interlocked.Increment(ref _messagesUnknown);

    public void Refused() => Interlocked.Increment(ref _connectionsRefused);

    public void Invalid() => Interlocked.Increment(ref _connectionsInvalid);

    public void Made() => Interlocked.Increment(ref _connectionsMade);
}
