namespace RaftKv.Embedded.Primitives;

/// <summary>
/// Runs a continuation on the thread that completes what is waited for, at once. Only for those that do nothing but wake a thread.
/// </summary>
internal sealed class InlineSynchronizationContext : SynchronizationContext
{
    public static InlineSynchronizationContext Instance { get; } = new();

    public override void Post(SendOrPostCallback d, object? state) => d(state);
}
