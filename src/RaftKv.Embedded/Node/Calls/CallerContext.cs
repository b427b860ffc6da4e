using System.Threading.Tasks.Sources;
using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Node;

/// <summary>
/// The synchronization context or task scheduler of a caller that awaits a write. It is the application's code and may throw or block, so
/// the pool calls it and not the thread that completes the write. When it refuses (a window that is closed, say), the caller continues on
/// the pool.
/// </summary>
internal sealed class CallerContext
{
    private readonly SynchronizationContext? _context;
    private readonly TaskScheduler _scheduler;
    private readonly Action<object?> _continuation;
    private readonly object? _state;
    private int _hasRun;

    private CallerContext(SynchronizationContext? context, TaskScheduler scheduler, Action<object?> continuation, object? state) =>
        (_context, _scheduler, _continuation, _state) = (context, scheduler, continuation, state);

    /// <summary>Replaces a continuation that wants its caller's context by one that may run on any thread of the pool.</summary>
    public static void Detach(ref Action<object?> continuation, ref object? state, ref ValueTaskSourceOnCompletedFlags flags)
    {
        if ((flags & ValueTaskSourceOnCompletedFlags.UseSchedulingContext) == 0)
            return;
        var context = SynchronizationContext.Current is { } current && current.GetType() != typeof(SynchronizationContext) ? current : null;
        // InlineSynchronizationContext is the library's own, for callers that block.
        if (context is InlineSynchronizationContext || (context is null && TaskScheduler.Current == TaskScheduler.Default))
            return;
        state = new CallerContext(context, TaskScheduler.Current, continuation, state);
        continuation = static caller => ((CallerContext)caller!).Post();
        flags &= ~ValueTaskSourceOnCompletedFlags.UseSchedulingContext;
    }

    private void Post()
    {
        try
        {
            if (_context is not null)
                _context.Post(static caller => ((CallerContext)caller!).Continue(), this);
            else
                Task.Factory.StartNew(static caller => ((CallerContext)caller!).Continue(), this, CancellationToken.None,
                    TaskCreationOptions.DenyChildAttach, _scheduler);
        }
        catch (Exception)
        {
            Continue();
        }
    }

    /// <summary>Runs the continuation once, also when the context ran it and threw afterwards.</summary>
    private void Continue()
    {
        if (Interlocked.Exchange(ref _hasRun, 1) == 0)
            _continuation(_state);
    }
}
