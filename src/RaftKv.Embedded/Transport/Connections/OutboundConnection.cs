using System.Net.Sockets;
using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Transport;

/// <summary>
/// One connection we dialled; we only send on it. The holder of the turn encodes into a queue and, at the end of its turn, writes from it
/// without blocking. What the socket does not take is left to a thread of this connection, and new messages collect in the queue meanwhile,
/// urgent ones before bulk ones (<see cref="OutboundQueue"/>). At any time one thread writes, and the queue's lock is not held while it
/// does. Under TLS what is about to be written is encrypted first, in memory and by the same thread.
/// </summary>
internal sealed class OutboundConnection
{
    /// <summary>What does not fit so many slices is left to the connection's own thread.</summary>
    private const int MaxSlicesPerTurn = 16;

    /// <summary>By how much urgent messages may exceed the limit of what waits.</summary>
    private const int UrgentReserveBytes = 1024 * 1024;

    private readonly TransportContext _context;
    private readonly string _peer;
    private readonly PeerStream _stream;
    private readonly Socket _socket;
    private readonly Thread _writer;
    private readonly object _gate = new();

    /// <summary>Held for one write, which does not block, together with noting how it failed.</summary>
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

    /// <summary>Holder of the turn. False: the message was dropped.</summary>
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
        _context.Counters.Sent();
        return true;
    }

    /// <summary>Holder of the turn. A few writes, never blocking.</summary>
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
        // The operating system tells the cause once. A write may have been the one to hear it, and then all we hear is that it is over; or
        // we were, and the write heard no more than that.
        lock (_sending)
            return end.Reset ? _failure ?? end : end;
    }

    /// <summary>The thread that dialled. After it nothing uses the socket any more.</summary>
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

    /// <summary>The thread that writes, once for what it is about to write.</summary>
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
            // The watching thread was faster.
        }
        catch (Exception e) when (e is IOException or InvalidOperationException)
        {
            lock (_sending)
                _failure = new ConnectionLostException($"the TLS session broke: {e.Message}", reset: false);
        }
        // What could not be encrypted must not leave by the other thread.
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
    /// Writes as much as the socket takes; false when it is lost, which the watching thread is told by the socket itself.
    /// </summary>
    private bool WriteOnce()
    {
        try
        {
            lock (_sending)
            {
                // On Unix a partial write reports WouldBlock, and yet what was sent was sent.
                var sent = _socket.Send(_draining.Unsent, SocketFlags.None, out var error);
                _draining.Sent(sent);
                Interlocked.Add(ref _waiting, -sent);
                _context.Counters.SentBytes(sent);
                if (error is SocketError.Success or SocketError.WouldBlock or SocketError.Interrupted)
                    return true;
                _failure = ConnectionLostException.Because(error);
            }
        }
        catch (ObjectDisposedException)
        {
            // The watching thread was faster.
        }
        SocketSetup.Hangup(_socket);
        return false;
    }
}
