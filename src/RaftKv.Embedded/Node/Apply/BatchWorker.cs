using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Node;

/// <summary>
/// Performs work items that many threads post: all waiting items as one batch, in order, on a thread of its own; one thread at a time.
/// </summary>
internal abstract class BatchWorker<T> where T : class
{
    /// <summary>The interval at which unfinished work is tried again.</summary>
    private const int RetryMs = 50;

    private readonly WorkQueue<T> _queue = new();
    private readonly Lock _working = new();
    private List<T> _taken = [];
    private volatile bool _isStopping;
    private bool _hasFailed;
    private long _busySince;

    /// <summary>Raised after an error, by any thread; no more work is done then.</summary>
    public event Action<Exception>? Failed;

    /// <summary>Any thread. Whether <see cref="RunOnce"/> has something to do.</summary>
    public bool HasWork => !_queue.IsEmpty;

    /// <summary>Any thread. For how long the batch under way has been worked at; <c>null</c> when none is.</summary>
    public TimeSpan? BusyFor =>
        Volatile.Read(ref _busySince) is var since and not 0 ? System.Diagnostics.Stopwatch.GetElapsedTime(since) : null;

    /// <summary>Whether an item taken before could not be finished, and is tried again after a while.</summary>
    protected virtual bool HasUnfinished => false;

    /// <summary>Whether the work under way should end soon.</summary>
    protected bool IsStopping => _isStopping;

    /// <summary>Any thread. Leaves the waiting items to the worker's own thread.</summary>
    public void Wake() => _queue.Wake();

    /// <summary>Any thread. The worker's own thread ends after the batch under way.</summary>
    public void Stop()
    {
        _isStopping = true;
        _queue.Kick();
    }

    /// <summary>The body of the worker's own thread.</summary>
    /// <param name="after">Called after each batch.</param>
    public void Run(Action? after = null)
    {
        while (!_isStopping)
        {
            _queue.Wait(HasUnfinished ? RetryMs : -1);
            lock (_working)
                RunGuarded();
            after?.Invoke();
        }
        _queue.Close();
        lock (_working)
            RunGuarded();
    }

    /// <summary>Performs the waiting items on the calling thread. Exceptions reach the caller.</summary>
    public void RunOnce()
    {
        _queue.TakeAll(ref _taken);
        if (_taken.Count > 0 || HasUnfinished)
        {
            Volatile.Write(ref _busySince, System.Diagnostics.Stopwatch.GetTimestamp());
            Work(_taken);
            Volatile.Write(ref _busySince, 0);
        }
        _taken.Clear();
    }

    /// <summary>Waits until no thread works, and lets none begin again; <c>false</c> when a thread still works after the timeout.</summary>
    public bool TryClose(TimeSpan timeout) => _working.TryEnter(timeout);

    /// <summary>Performs the waiting items on the calling thread, unless another thread works.</summary>
    protected void RunIfFree()
    {
        if (!_working.TryEnter())
            return;
        try
        {
            RunGuarded();
        }
        finally
        {
            _working.Exit();
        }
        // The worker's own thread sleeps, and tries again after a while.
        if (HasUnfinished)
            _queue.Kick();
    }

    /// <summary>An item that is posted after the end is refused.</summary>
    /// <param name="item">The work item.</param>
    /// <param name="wake">Whether the worker's thread is woken. If not, the caller must ensure that the item is performed.</param>
    protected void Post(T item, bool wake)
    {
        if (!_queue.Post(item, wake))
            Refuse(item);
    }

    /// <summary>
    /// Performs a batch. Also called once at the stop, with the waiting items; with none when only unfinished work is tried again.
    /// </summary>
    protected abstract void Work(List<T> batch);

    /// <summary>After an error: refuses what was taken before and could not be finished.</summary>
    protected virtual void RefuseUnfinished() { }

    /// <summary>The item will not be performed.</summary>
    protected virtual void Refuse(T item) { }

    private void RunGuarded()
    {
        try
        {
            if (!_hasFailed)
                RunOnce();
            else
                RefuseWaiting();
        }
        catch (Exception e)
        {
            _hasFailed = true;
            Volatile.Write(ref _busySince, 0);
            Stop();
            RefuseUnfinished();
            _taken.ForEach(Refuse);
            _taken.Clear();
            Failed?.Invoke(e);
        }
    }

    private void RefuseWaiting()
    {
        _queue.TakeAll(ref _taken);
        _taken.ForEach(Refuse);
        _taken.Clear();
    }
}
