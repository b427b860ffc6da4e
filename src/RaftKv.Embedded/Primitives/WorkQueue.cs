namespace RaftKv.Embedded.Primitives;

/// <summary>
/// Many threads post, one thread takes all items at once. The consumer is woken only when it sleeps, so that a burst costs one wake-up. The
/// queue has no bound: the caller bounds what it posts.
/// </summary>
internal sealed class WorkQueue<T> where T : class
{
    private readonly Lock _gate = new();
    private readonly FutexEvent _consumer = new();
    private List<T> _items = [];
    private bool _sleeping;
    private bool _kicked;
    private bool _closed;

    /// <summary>Any thread; the value may change at any time.</summary>
    public bool IsEmpty
    {
        get
        {
            lock (_gate)
                return _items.Count == 0;
        }
    }

    /// <summary>Adds an item; <c>false</c> when the queue is closed.</summary>
    /// <param name="item">The item.</param>
    /// <param name="wake">When <c>false</c>, the caller makes sure that the item is taken.</param>
    public bool Post(T item, bool wake = true)
    {
        lock (_gate)
        {
            if (_closed)
                return false;
            _items.Add(item);
            wake = wake && Awaken();
        }
        if (wake)
            _consumer.Unpark();
        return true;
    }

    /// <summary>Wakes the consumer if items wait for it.</summary>
    public void Wake()
    {
        bool wake;
        lock (_gate)
            wake = _items.Count > 0 && Awaken();
        if (wake)
            _consumer.Unpark();
    }

    /// <summary>Refuses further items. Items that were posted before can still be taken.</summary>
    public void Close()
    {
        lock (_gate)
            _closed = true;
    }

    /// <summary>Ends the consumer's current or next wait although nothing was posted.</summary>
    public void Kick()
    {
        bool wake;
        lock (_gate)
        {
            _kicked = true;
            wake = Awaken();
        }
        if (wake)
            _consumer.Unpark();
    }

    /// <summary>
    /// Waits until an item is posted, the queue is kicked, or the time is over (negative: never); may also return spuriously.
    /// </summary>
    public void Wait(int milliseconds)
    {
        lock (_gate)
        {
            if (_items.Count > 0 || _kicked || milliseconds == 0)
            {
                _kicked = false;
                return;
            }
            _sleeping = true;
        }
        _consumer.Wait(milliseconds);
        lock (_gate)
            _sleeping = _kicked = false;
    }

    /// <summary>Takes all items by swapping lists; <paramref name="into"/> must be empty.</summary>
    public void TakeAll(ref List<T> into)
    {
        lock (_gate)
        {
            (into, _items) = (_items, into);
        }
    }

    /// <summary>Whether the consumer sleeps and must be woken; <c>true</c> for one caller only.</summary>
    private bool Awaken()
    {
        var slept = _sleeping;
        _sleeping = false;
        return slept;
    }
}
