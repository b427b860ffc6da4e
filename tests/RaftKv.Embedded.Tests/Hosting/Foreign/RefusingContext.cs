namespace RaftKv.Embedded.Tests.Hosting.Foreign;

/// <summary>The synchronization context of a window that was closed: it takes nothing any more, and says so by an exception.</summary>
internal sealed class RefusingContext : SynchronizationContext
{
    private int _asked;

    public int Asked => Volatile.Read(ref _asked);

    public override void Post(SendOrPostCallback d, object? state)
    {
        Interlocked.Increment(ref _asked);
        throw new InvalidOperationException("The window is closed.");
    }
}
