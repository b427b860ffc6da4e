namespace RaftKv.Embedded.Primitives;

/// <summary>
/// Many threads post, one thread takes everything at once. The consumer is woken only when it sleeps, so that a burst costs one wake-up.
/// The caller bounds what it posts.
/// </summary>
internal sealed class WorkQueue<T> where T : class
{
    private readonly Lock _gate = new();
    private readonly FutexEvent _consumer = new();
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

    /// <summary><c>false</c> when the queue is closed.</summary>
    /// <param name="item">What is to be taken.</param>
    /// <param name="wake">Without, the caller makes sure that what it posted is taken.</param>
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

    /// <summary>Wakes the consumer if something waits for it.</summary>
    public void Wake()
    {
        bool wake;
        lock (_gate)
            wake = _items.Count > 0 && Awaken();
        if (wake)
            _consumer.Unpark();
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
    /// Waits until something is posted, the queue is kicked, or the time is up (negative: for ever); now and then it returns for no reason.
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
        _consumer.Park(milliseconds);
        lock (_gate)
            _sleeping = _kicked = false;
    }

    /// <summary>Takes everything that waits by swapping lists; <paramref name="into"/> must be empty.</summary>
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
