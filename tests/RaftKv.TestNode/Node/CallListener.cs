using Microsoft.Extensions.Hosting;

namespace RaftKv.TestNode.Node;

/// <summary>
/// Accepts calls, as the web server of an application does: when the host stops, it accepts no more, and waits for those in progress. It is
/// registered before the replica, so by the order of the host it would stop after the replica.
/// </summary>
internal sealed class CallListener : IHostedService
{
    private readonly TaskCompletionSource _empty = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _gate = new();
    private int _inside;
    private bool _closed;

    /// <summary>Whether the stop of the host waits for the calls in progress. Without it the stop interrupts them.</summary>
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

/// <summary>The call was not accepted: as with a refused connection, nothing was called.</summary>
internal sealed class CallsClosedException() : Exception("This node takes no more calls.");
