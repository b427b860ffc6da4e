using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Node;

/// <summary>Stops something once, however often and from how many threads it is asked to. Any thread.</summary>
internal sealed class OneTimeStop
{
    private readonly TaskCompletionSource _hurry = new();
    private Task? _end;

    /// <summary>Completes when a caller no longer waits for an orderly stop.</summary>
    public Task Hurry => _hurry.Task;

    public void HurryUp() => _hurry.TrySetResult();

    /// <summary>
    /// The first caller decides how to stop. Its action runs on a thread of its own, without the pool; each call completes when the action
    /// has ended.
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
