using RaftKv.Embedded.Node;

namespace RaftKv.Embedded.Tests.Hosting.Foreign;

/// <summary>
/// The synchronization context of a closed window: it refuses a continuation by an exception. Only continuations of a <see cref="Task"/>
/// still run, because the runtime ends the process when a context refuses one. A write that a telemetry listener observes is such a task.
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
