namespace RaftKv.Embedded.Replica;

/// <summary>Runs what may take long, one after the other, on a thread of its own: file reads for slow followers, snapshots.</summary>
internal sealed class Worker(Action<Exception> failed)
{
    private readonly WorkQueue<Action> _queue = new();
    private List<Action> _taken = [];
    private volatile bool _stopping;

    /// <summary>Any thread. Whether <see cref="RunOnce"/> has something to do.</summary>
    public bool HasWork => !_queue.IsEmpty;

    /// <summary>The work must answer for its own expected errors; anything it lets through is a fault of the replica.</summary>
    public void Post(Action work) => _queue.Post(work);

    public void Stop()
    {
        _stopping = true;
        _queue.Kick();
    }

    public void Run()
    {
        try
        {
            while (!_stopping)
            {
                _queue.Wait(-1);
                RunOnce();
            }
        }
        catch (Exception e)
        {
            failed(e);
        }
    }

    public void RunOnce()
    {
        _queue.TakeAll(ref _taken);
        foreach (var work in _taken)
        {
            if (_stopping)
                break;
            work();
        }
        _taken.Clear();
    }
}
