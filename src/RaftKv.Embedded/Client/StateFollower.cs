namespace RaftKv.Embedded.Client;

/// <summary>Keeps a state up to date by a watch, and begins anew when the watch has lost its place.</summary>
internal static class StateFollower
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan RetryRemovedAfter = TimeSpan.FromSeconds(1);

    /// <summary>Ends only by an exception: the watch's when it will not get better, or the cancellation.</summary>
    /// <param name="watch">Begins with the current state.</param>
    /// <param name="retryFirst">Whether to try again when the first watch cannot begin because the cluster is not available now.</param>
    public static async Task RunAsync(Func<CancellationToken, IAsyncEnumerable<KvEvent>> watch, IFollowedState state, bool retryFirst, CancellationToken cancellationToken)
    {
        var mayRetry = retryFirst;
        while (true)
        {
            try
            {
                state.Begin();
                await foreach (var change in watch(cancellationToken).ConfigureAwait(false))
                {
                    if (change.Kind is not (KvEventKind.InitialStateEnd or KvEventKind.Progress))
                        state.Apply(change);
                    if (!change.EndsVersion)
                        continue;
                    state.Publish(change.Version);
                    mayRetry = true;
                }
            }
            catch (RaftKvException e) when (e is RaftKvCompactedException || (mayRetry && e.IsTransient))
            {
                await Task.Delay(RetryAfter, cancellationToken).ConfigureAwait(false);
            }
            catch (RaftKvUnavailableException e) when (mayRetry && e.Reason == RaftKvUnavailableReason.Removed)
            {
                // This node may be added to the cluster again; the state stays as it is until then.
                await Task.Delay(RetryRemovedAfter, cancellationToken).ConfigureAwait(false);
            }
        }
    }
}
