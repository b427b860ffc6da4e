using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Node;

/// <summary>Stops something once, however often and from how many threads it is asked to. Any thread.</summary>
internal sealed class OneTimeStop
{
    private readonly TaskCompletionSource _hurry = new();
    private Task? _end;

    /// <summary>Completes when a caller waits no longer for a stop in good order.</summary>
    public Task Hurry => _hurry.Task;

    public void HurryUp() => _hurry.TrySetResult();

    /// <summary>
    /// The first caller decides how to stop. That runs on a thread of its own, without the pool; each call completes when it is done.
    /// </summary>
    public Task Run(Action stop)
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        if (Interlocked.CompareExchange(ref _end, ended.Task, null) is { } first)
            return first;
        _ = ThreadStarter.RunAside(() =>
        {
            try
            {
                stop();
                ended.SetResult();
            }
            catch (Exception e)
            {
                ended.SetException(e);
            }
        });
        return ended.Task;
    }
}
