namespace RaftKv.Embedded.Testing;

/// <summary>
/// Runs the arrivals of a node on a thread of its own: each when it is due, and in the order of posting when they are due at the same time.
/// </summary>
internal sealed class ArrivalQueue
{
    private static readonly TimeSpan JoinTimeout = TimeSpan.FromSeconds(2);

    private readonly object _gate = new();
    private readonly PriorityQueue<Action, (long At, long Number)> _waiting = new();
    private readonly List<Action> _taken = [];
    private readonly Action _idle;
    private readonly Thread _thread;
    private long _number;
    private bool _isPaused;
    private bool _isClosed;

    /// <param name="name">The name of the thread.</param>
    /// <param name="idle">Called on the thread after the arrivals that were due.</param>
    public ArrivalQueue(string name, Action idle)
    {
        _idle = idle;
        _thread = new Thread(Run) { Name = name, IsBackground = true };
        _thread.Start();
    }

    /// <summary>While it is set, no arrival is run.</summary>
    public bool IsPaused
    {
        set
        {
            lock (_gate)
            {
                _isPaused = value;
                Monitor.Pulse(_gate);
            }
        }
    }

    /// <summary>Called on any thread. After <see cref="Close"/> the arrival is dropped.</summary>
    public void Post(Action arrival, TimeSpan delay = default)
    {
        lock (_gate)
        {
            if (_isClosed)
                return;
            _waiting.Enqueue(arrival, (Environment.TickCount64 + (long)delay.TotalMilliseconds, _number++));
            Monitor.Pulse(_gate);
        }
    }

    /// <summary>Drops the arrivals that wait, and ends the thread. Waits for it for 2 s at most.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _isClosed = true;
            _waiting.Clear();
            Monitor.Pulse(_gate);
        }
        if (_thread != Thread.CurrentThread)
            _thread.Join(JoinTimeout);
    }

    private void Run()
    {
        while (TakeDue())
        {
            foreach (var arrival in _taken)
                arrival();
            _idle();
        }
    }

    private bool TakeDue()
    {
        _taken.Clear();
        lock (_gate)
        {
            while (!_isClosed)
            {
                var now = Environment.TickCount64;
                var wait = _isPaused || !_waiting.TryPeek(out _, out var first) ? Timeout.Infinite : (int)Math.Max(0, first.At - now);
                if (wait == 0)
                    break;
                Monitor.Wait(_gate, wait);
            }
            while (!_isClosed && _waiting.TryPeek(out var arrival, out var due) && due.At <= Environment.TickCount64)
            {
                _waiting.Dequeue();
                _taken.Add(arrival);
            }
            return !_isClosed;
        }
    }
}
