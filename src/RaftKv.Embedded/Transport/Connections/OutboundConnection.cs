using System.Net.Sockets;
using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Transport;

/// <summary>
/// A connection that this node dialled; it is only used to send. The holder of the turn encodes messages into a queue and, at the end of
/// its turn, writes from the queue without blocking. Bytes that the socket does not take are left to a thread of this connection; meanwhile
/// new messages collect in the queue, urgent ones before bulk ones (<see cref="OutboundQueue"/>). At most one thread writes at any time,
/// and it does not hold the lock of the queue while it writes. Under TLS the writing thread first encrypts the bytes in memory.
/// </summary>
internal sealed class OutboundConnection
{
    /// <summary>The most slices that are written in one turn; the rest is left to the connection's own thread.</summary>
    private const int MaxSlicesPerTurn = 16;

    /// <summary>The bytes by which urgent messages may exceed the limit of waiting bytes.</summary>
    private const int UrgentReserveBytes = 1024 * 1024;

    private readonly TransportContext _context;
    private readonly string _peer;
    private readonly PeerStream _stream;
    private readonly Socket _socket;
    private readonly Thread _writer;
    private readonly object _gate = new();

    /// <summary>Held during one write, which does not block, and while its error is stored.</summary>
    private readonly Lock _sending = new();

    private readonly OutboundQueue _queue;
    private SendBuffer _draining = new();
    private bool _writing, _handedOver, _closed;
    private ConnectionLostException? _failure;
    private long _waiting;

    public OutboundConnection(TransportContext context, string peer, PeerStream stream, FrameSeal? seal, bool splits)
    {
        (_context, _peer, _stream, _socket) = (context, peer, stream, stream.Socket);
        _queue = new OutboundQueue(seal, splits);
        stream.OnlyEncrypt();
        _writer = context.NewThread(WriteBacklog, $"send-{peer}");
        _writer.Start();
    }

    /// <summary>Bytes that wait to be taken by the operating system.</summary>
    public long WaitingBytes => Volatile.Read(ref _waiting);

    /// <summary>Adds a message to the queue. False: it was dropped. Holder of the turn.</summary>
    public bool Send(PeerMessage message)
    {
        var size = MessageEncoder.FrameSize(message);
        if (!Fits(size, message.IsBulk))
            return false;
        lock (_gate)
        {
            if (_closed)
            {
                _context.Counters.Dropped();
                return false;
            }
            Interlocked.Add(ref _waiting, _queue.Add(message, (int)size, isBusy: _writing));
        }
        return true;
    }

    /// <summary>Makes a few writes from the queue, without blocking. Holder of the turn.</summary>
    public void Flush()
    {
        for (var slices = 0; slices < MaxSlicesPerTurn; slices++)
        {
            lock (_gate)
            {
                if (_closed || _writing || _queue.IsEmpty)
                    return;
                Interlocked.Add(ref _waiting, _queue.Take(ref _draining));
                _writing = true;
            }
            if (Encrypt())
                WriteOnce();
            lock (_gate)
            {
                _writing = _handedOver = !_draining.IsEmpty || (slices == MaxSlicesPerTurn - 1 && !_queue.IsEmpty);
                if (_handedOver)
                    Monitor.Pulse(_gate);
            }
        }
    }

    /// <summary>Waits until the connection is lost, and says why.</summary>
    public ConnectionLostException WaitForEnd()
    {
        var end = _stream.WaitForEnd();
        // The operating system reports the cause of the end only once, either to a write or to the read that waits here. If the read only
        // sees that the connection is closed, the error of a failed write is the cause.
        lock (_sending)
            return end.Reset ? _failure ?? end : end;
    }

    /// <summary>Called by the thread that dialled. No thread uses the socket afterwards.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _closed = true;
            Monitor.PulseAll(_gate);
        }
        SocketSetup.Hangup(_socket);
        _writer.Join(TcpTransport.StopTimeout);
        lock (_sending)
            _stream.Dispose();
        _socket.Dispose();
    }

    private bool Fits(long size, bool isBulk)
    {
        var waiting = WaitingBytes;
        var most = _context.Options.MaxPeerBufferBytes + (isBulk ? 0L : UrgentReserveBytes);
        if (size - Frame.OverheadBytes > _context.Options.MaxFrameBytes)
        {
            if (_context.Throttle.Allows($"size {_peer}"))
                _context.Logger.MessageTooLarge(_peer, size, _context.Options.MaxFrameBytes);
        }
        else if (waiting > 0 && waiting + size > most)
        {
            if (_context.Throttle.Allows($"full {_peer}"))
                _context.Logger.PeerBufferFull(_peer, waiting);
        }
        else
        {
            return true;
        }
        _context.Counters.Dropped();
        return false;
    }

    private void WriteBacklog()
    {
        while (true)
        {
            var isNew = false;
            lock (_gate)
            {
                while (!_handedOver && !_closed)
                    Monitor.Wait(_gate);
                if (_closed)
                    return;
                if (_draining.IsEmpty)
                {
                    Interlocked.Add(ref _waiting, _queue.Take(ref _draining));
                    _writing = _handedOver = isNew = !_draining.IsEmpty;
                    if (!_writing)
                        continue;
                }
            }
            if (isNew ? !Encrypt() : !WaitUntilWritable())
                return;
            if (!WriteOnce())
                return;
        }
    }

    /// <summary>Encrypts the bytes that are written next. Called once for them, by the thread that writes.</summary>
    private bool Encrypt()
    {
        if (!_stream.IsSecured)
            return true;
        try
        {
            lock (_sending)
                Interlocked.Add(ref _waiting, _stream.Encrypt(_draining));
            return true;
        }
        catch (ObjectDisposedException)
        {
            // The thread that dialled has closed the connection already.
        }
        catch (Exception e) when (e is IOException or InvalidOperationException)
        {
            lock (_sending)
                _failure = new ConnectionLostException($"the TLS session failed: {e.Message}", reset: false);
        }
        // The other thread must not send the bytes that could not be encrypted.
        lock (_gate)
            _closed = true;
        SocketSetup.Hangup(_socket);
        return false;
    }

    private bool WaitUntilWritable()
    {
        try
        {
            _socket.Poll(Timeout.InfiniteTimeSpan, SelectMode.SelectWrite);
            return true;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return false;
        }
    }

    /// <summary>
    /// Writes as much as the socket takes; false when the connection is lost, which the thread that dialled notices at the socket.
    /// </summary>
    private bool WriteOnce()
    {
        try
        {
            lock (_sending)
            {
                // On Unix a partial write reports WouldBlock, although it has sent bytes.
                var sent = _socket.Send(_draining.Unsent, SocketFlags.None, out var error);
                _draining.Sent(sent);
                Interlocked.Add(ref _waiting, -sent);
                if (error is SocketError.Success or SocketError.WouldBlock or SocketError.Interrupted)
                    return true;
                _failure = ConnectionLostException.Because(error);
            }
        }
        catch (ObjectDisposedException)
        {
            // The thread that dialled has closed the connection already.
        }
        SocketSetup.Hangup(_socket);
        return false;
    }
}
