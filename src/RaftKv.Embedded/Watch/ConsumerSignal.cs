using System.Threading.Tasks.Sources;

namespace RaftKv.Embedded.Watch;

/// <summary>
/// Lets a consumer wait while it has nothing to read. Every member must be called under the lock of its owner, except those of the
/// interface. The consumer continues on the pool.
/// </summary>
internal sealed class ConsumerSignal : IValueTaskSource
{
    private ManualResetValueTaskSourceCore<bool> _source = new() { RunContinuationsAsynchronously = true };
    private bool _isWaiting;
    private bool _wasNudged;

    /// <summary>Completes at the next <see cref="Set"/>; at once when the consumer has work, or was nudged since its last wait.</summary>
    public ValueTask Wait(bool hasWork)
    {
        if (hasWork || _wasNudged)
        {
            _wasNudged = false;
            return default;
        }
        _source.Reset();
        _isWaiting = true;
        return new ValueTask(this, _source.Version);
    }

    /// <summary>Ends the current wait.</summary>
    public void Set()
    {
        if (!_isWaiting)
            return;
        _isWaiting = _wasNudged = false;
        _source.SetResult(true);
    }

    /// <summary>Ends the current wait, or the next one.</summary>
    public void Nudge()
    {
        _wasNudged = true;
        Set();
    }

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _source.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _source.OnCompleted(continuation, state, token, flags);

    void IValueTaskSource.GetResult(short token) => _source.GetResult(token);
}
