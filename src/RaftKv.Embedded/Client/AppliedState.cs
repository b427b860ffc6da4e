using RaftKv.Embedded.Node;
using RaftKv.Embedded.StateMachine;

namespace RaftKv.Embedded.Client;

/// <summary>Has the applier do something between two entries, while the state is that of one entry.</summary>
internal static class AppliedState
{
    /// <summary>
    /// A result that comes after the caller has given up is undone. The caller gets a refusal of <paramref name="run"/>; the applier fails
    /// by every other exception.
    /// </summary>
    public static async Task<T> RunAsync<T>(
        LocalReplica host, TimeSpan timeout, Func<KvStateMachine, T> run, Action<T> undo, CancellationToken cancellationToken)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        host.Submit(new BetweenEntries(Run, () => done.TrySetException(Refusal(host))));
        try
        {
            return await done.Task.WaitAsync(timeout, host.Clock.Provider, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            _ = done.Task.ContinueWith(
                late => undo(late.Result), CancellationToken.None, TaskContinuationOptions.OnlyOnRanToCompletion, TaskScheduler.Default);
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
