using RaftKv.Embedded.Node;
using RaftKv.Embedded.StateMachine;

namespace RaftKv.Embedded.Client;

/// <summary>Runs a function on the apply thread between two entries, so that it sees the state at one version.</summary>
internal static class AppliedState
{
    /// <summary>
    /// When the function runs after the caller has stopped waiting, <paramref name="undo"/> gets its result. A
    /// <see cref="RaftKvUnavailableException"/> of the function goes to the caller; any other exception stops the applier.
    /// </summary>
    public static async Task<T> RunAsync<T>(
        LocalReplica host, TimeSpan timeout, Func<KvStateMachine, T> run, Action<T> undo, CancellationToken cancellationToken)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        var task = new BetweenEntries(Run, () => done.TrySetException(Refusal(host)));
        host.Submit(task);
        try
        {
            return await done.Task.WaitAsync(timeout, host.Clock.Provider, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            task.IsAbandoned = true;
            _ = done.Task.ContinueWith(late =>
            {
                // Looking at the exception of a failed task observes it.
                if (late.Exception is null)
                    undo(late.Result);
            }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            if (e is TimeoutException)
                throw Errors.ApplyBehind(timeout);
            throw;
        }

        void Run(KvStateMachine state)
        {
            try
            {
                done.TrySetResult(run(state));
            }
            catch (RaftKvUnavailableException e)
            {
                done.TrySetException(e);
            }
        }
    }

    private static RaftKvUnavailableException Refusal(LocalReplica host) =>
        host.Replica.Status is { Role: RaftKvRole.Faulted } status ? Errors.Faulted(status.Fault ?? "", null) : Errors.Stopping();
}
