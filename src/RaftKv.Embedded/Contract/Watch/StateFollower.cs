namespace RaftKv.Embedded;

/// <summary>Keeps a state up to date by a watch, and reads the whole state again when changes were missed.</summary>
internal static class StateFollower
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan RetryRemovedAfter = TimeSpan.FromSeconds(1);

    /// <summary>While changes arrive without a pause, the state is published at this interval.</summary>
    private static readonly TimeSpan PublishInterval = TimeSpan.FromMilliseconds(100);

    /// <summary>Ends only with an exception: the cancellation, or an error of the watch that a retry does not resolve.</summary>
    /// <param name="watch">Begins a watch with the current state.</param>
    /// <param name="state">Published at the end of a version, when no further change is waiting.</param>
    /// <param name="retryFirst">Whether to retry when the first watch cannot begin because the cluster is not available now.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public static async Task RunAsync(Func<CancellationToken, IAsyncEnumerable<KvEvent>> watch, IFollowedState state, bool retryFirst,
        CancellationToken cancellationToken)
    {
        var mayRetry = retryFirst;
        while (true)
        {
            var pause = RetryAfter;
            try
            {
                state.Begin();
                await foreach (var version in VersionsAsync(watch(cancellationToken), state).ConfigureAwait(false))
                {
                    state.Publish(version);
                    mayRetry = true;
                }
                // A watch of the replica ends by an exception only; that of another implementation may end.
            }
            catch (RaftKvException e) when (e is RaftKvCompactedException || (mayRetry && e.IsTransient))
            {
            }
            catch (RaftKvUnavailableException e) when (mayRetry && e.Reason == RaftKvUnavailableReason.Removed)
            {
                // This node may be added to the cluster again; the state stays as it is until then.
                pause = RetryRemovedAfter;
            }
            await Task.Delay(pause, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Applies the changes, and yields the versions that are to be published.</summary>
    private static async IAsyncEnumerable<KvVersion> VersionsAsync(IAsyncEnumerable<KvEvent> watch, IFollowedState state)
    {
        var published = System.Diagnostics.Stopwatch.GetTimestamp();
        KvVersion? ended = null;
        var changes = watch.GetAsyncEnumerator();
        await using var left = changes.ConfigureAwait(false);
        while (true)
        {
            var next = changes.MoveNextAsync();
            if (ended is { } version && (!next.IsCompleted || System.Diagnostics.Stopwatch.GetElapsedTime(published) >= PublishInterval))
            {
                yield return version;
                ended = null;
                published = System.Diagnostics.Stopwatch.GetTimestamp();
            }
            if (!await next.ConfigureAwait(false))
            {
                if (ended is { } last)
                    yield return last;
                yield break;
            }
            var change = changes.Current;
            if (change.Kind is not (KvEventKind.InitialStateEnd or KvEventKind.Progress))
                state.Apply(change);
            ended = change.EndsVersion ? change.Version : null;
        }
    }
}
