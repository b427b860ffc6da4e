using System.Runtime.CompilerServices;

namespace RaftKv.Embedded.Primitives;

/// <summary>
/// Tasks that their waiters may leave. Such a task may fail later, and an exception that is never read would raise
/// <see cref="TaskScheduler.UnobservedTaskException"/>.
/// </summary>
internal static class AbandonedTask
{
    /// <summary>Reads the exception of the task if it fails.</summary>
    public static void ObserveFailure(this Task task) => _ = task.ContinueWith(static ended => ended.Exception, CancellationToken.None,
        TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

    /// <summary>As <see cref="Task.WaitAsync(CancellationToken)"/>; the task may fail after the wait was cancelled.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public static async ValueTask WaitOrLeaveAsync(this Task task, CancellationToken cancellationToken)
    {
        try
        {
            await task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            task.ObserveFailure();
            throw;
        }
    }

    /// <inheritdoc cref="WaitOrLeaveAsync(Task, CancellationToken)"/>
    public static async ValueTask<TResult> WaitOrLeaveAsync<TResult>(this Task<TResult> task, CancellationToken cancellationToken)
    {
        await ((Task)task).WaitOrLeaveAsync(cancellationToken).ConfigureAwait(false);
        return await task.ConfigureAwait(false);
    }
}
