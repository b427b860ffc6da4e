using RaftKv.Embedded.Node;

namespace RaftKv.Embedded.Tests.Hosting.Foreign;

/// <summary>
/// The synchronization context of a window that was closed: it takes nothing any more, and says so by an exception. Continuations of a
/// <see cref="Task"/> run all the same, because the runtime ends the process when a context refuses one; a write that a listener to
/// telemetry watches is such a task.
/// </summary>
internal sealed class RefusingContext : SynchronizationContext
{
    private int _asked;

    public int Asked => Volatile.Read(ref _asked);

    public override void Post(SendOrPostCallback d, object? state)
    {
        Interlocked.Increment(ref _asked);
        if (state is CallerContext)
            throw new InvalidOperationException("The window is closed.");
        ThreadPool.UnsafeQueueUserWorkItem(_ => d(state), null);
    }
}
