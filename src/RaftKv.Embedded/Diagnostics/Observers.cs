using Microsoft.Extensions.Logging;
using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Diagnostics;

/// <summary>
/// Calls the application's observers (loggers, meter listeners, activity listeners) in order, on a thread of their own. An observer that
/// throws or blocks holds up no other thread of the node. At most 1,024 calls wait; further ones are dropped, and the log says how many
/// (182).
/// </summary>
internal sealed class Observers : IDisposable
{
    private const int MaxWaiting = 1024;

    /// <summary>How long a start or a stop waits for slow observers.</summary>
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(1);

    private readonly ILoggerFactory _loggers;
    private readonly ILogger _log;
    private readonly WorkQueue<Action> _queue = new();
    private List<Action> _taken = [];
    private DedicatedThread? _thread;
    private volatile bool _isStopping;
    private int _waiting;
    private long _dropped;

    public Observers(ILoggerFactory loggers)
    {
        _loggers = loggers;
        _log = CreateLogger("RaftKv.Embedded.Node");
    }

    /// <summary>Starts the thread, which makes the calls that were posted before too.</summary>
    public void Start(string nodeId)
    {
        if (_thread is null)
            _thread = new DedicatedThread($"raftkv-{nodeId}-observe", () => Run(nodeId));
    }

    /// <summary>
    /// A logger that never throws and never blocks. The application's logger is created and called on the thread of the observers.
    /// </summary>
    public ILogger CreateLogger(string category) => new DetachedLogger(this, () => _loggers.CreateLogger(category));

    /// <summary>Any thread. False when the call was dropped.</summary>
    public bool Post(Action call)
    {
        if (Interlocked.Increment(ref _waiting) <= MaxWaiting && _queue.Post(call))
            return true;
        Interlocked.Decrement(ref _waiting);
        Interlocked.Increment(ref _dropped);
        return false;
    }

    /// <summary>Any thread. Never dropped while the thread runs: for calls that are made a bounded number of times.</summary>
    public void PostAlways(Action call)
    {
        Interlocked.Increment(ref _waiting);
        if (!_queue.Post(call))
            Interlocked.Decrement(ref _waiting);
    }

    /// <summary>Completes when all calls that were posted before are made, at most after 1 second.</summary>
    public async Task FlushAsync()
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        if (Post(done.SetResult))
            await Task.WhenAny(done.Task, Task.Delay(Timeout)).ConfigureAwait(false);
    }

    /// <summary>
    /// Waits until the posted calls are made, at most for 1 second. An observer that blocks keeps the thread, which is a background thread.
    /// </summary>
    public void Dispose()
    {
        _isStopping = true;
        _queue.Close();
        _queue.Kick();
        _thread?.Join(Timeout);
    }

    /// <summary>Calls an observer, and ignores its exceptions: they cannot be logged, because the observer may be the logger.</summary>
    public static void Guard(Action call)
    {
        try
        {
            call();
        }
        catch (Exception)
        {
        }
    }

    private void Run(string nodeId)
    {
        while (!_isStopping)
        {
            _queue.Wait(-1);
            CallAll();
            if (Interlocked.Exchange(ref _dropped, 0) is > 0 and var dropped)
                _log.LogLinesDropped(nodeId, dropped);
        }
        CallAll();
    }

    private void CallAll()
    {
        _queue.TakeAll(ref _taken);
        foreach (var call in _taken)
        {
            Guard(call);
            Interlocked.Decrement(ref _waiting);
        }
        _taken.Clear();
    }
}
