namespace RaftKv.Embedded.Replica;

/// <summary>
/// Many threads post, one thread takes everything at once. The consumer is woken only when it sleeps, so that a burst costs one wake-up.
/// What is posted must be bounded by whoever posts it.
/// </summary>
internal sealed class WorkQueue<T> where T : class
{
    private readonly object _gate = new();
    private List<T> _items = [];
    private bool _sleeping;
    private bool _kicked;
    private bool _closed;

    /// <summary>Any thread; a moment later it may be otherwise.</summary>
    public bool IsEmpty
    {
        get
        {
            lock (_gate)
                return _items.Count == 0;
        }
    }

    /// <summary><c>false</c> when the queue is closed: nobody would take it any more.</summary>
    public bool Post(T item)
    {
        lock (_gate)
        {
            if (_closed)
                return false;
            _items.Add(item);
            WakeInsideGate();
            return true;
        }
    }

    /// <summary>Takes nothing in any more. What was posted before can still be taken.</summary>
    public void Close()
    {
        lock (_gate)
            _closed = true;
    }

    /// <summary>Ends the consumer's current or next wait although nothing was posted.</summary>
    public void Kick()
    {
        lock (_gate)
        {
            _kicked = true;
            WakeInsideGate();
        }
    }

    /// <summary>Waits until something is posted, the queue is kicked, or the time is up (negative: for ever).</summary>
    public void Wait(int milliseconds)
    {
        lock (_gate)
        {
            if (_items.Count == 0 && !_kicked && milliseconds != 0)
            {
                _sleeping = true;
                Monitor.Wait(_gate, milliseconds < 0 ? Timeout.Infinite : milliseconds);
                _sleeping = false;
            }
            _kicked = false;
        }
    }

    /// <summary>Takes everything that waits by swapping lists; <paramref name="into"/> must be empty.</summary>
    public void TakeAll(ref List<T> into)
    {
        lock (_gate)
        {
            (into, _items) = (_items, into);
        }
    }

    private void WakeInsideGate()
    {
        if (_sleeping)
        {
            _sleeping = false;
            Monitor.Pulse(_gate);
        }
    }
}
