using Microsoft.Extensions.Hosting;

namespace RaftKv.TestNode.Node;

/// <summary>
/// Where calls come in, as a web server is to an application: when the host stops, it takes no more and waits for those it has. It was added before the replica, so by the host's order it would stop
/// after it.
/// </summary>
internal sealed class CallListener : IHostedService
{
    private readonly TaskCompletionSource _empty = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _gate = new();
    private int _inside;
    private bool _closed;

    /// <summary>Whether it takes part in the host's stop. Without it calls are cut short by the stop.</summary>
    public bool Drains { get; set; }

    public bool TryEnter()
    {
        lock (_gate)
        {
            _inside += _closed ? 0 : 1;
            return !_closed;
        }
    }

    public void Leave()
    {
        lock (_gate)
        {
            if (--_inside == 0 && _closed)
                _empty.TrySetResult();
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken)
    {
        if (!Drains)
            return Task.CompletedTask;
        lock (_gate)
        {
            _closed = true;
            if (_inside == 0)
                _empty.TrySetResult();
        }
        return _empty.Task.WaitAsync(cancellationToken);
    }
}

/// <summary>Like a refused connection: nothing was called.</summary>
internal sealed class CallsClosedException() : Exception("This node takes no more calls.");
