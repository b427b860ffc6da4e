namespace RaftKv.Embedded.Primitives;

/// <summary>
/// Runs a continuation at once, on the thread that completes the awaited operation. Only for continuations that do nothing but wake a
/// thread.
/// </summary>
internal sealed class InlineSynchronizationContext : SynchronizationContext
{
    public static InlineSynchronizationContext Instance { get; } = new();

    public override void Post(SendOrPostCallback d, object? state) => d(state);
}
