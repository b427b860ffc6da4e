namespace RaftKv.Embedded.Http;

/// <summary>Steps through a watch, tells whether the next change is already there, and ends the watch safely between two steps.</summary>
internal sealed class WatchReader(IAsyncEnumerable<KvEvent> watch, CancellationTokenSource ending) : IAsyncDisposable
{
    private readonly IAsyncEnumerator<KvEvent> _changes = watch.GetAsyncEnumerator(ending.Token);
    private Task<bool>? _step;

    public KvEvent Current => _changes.Current;

    /// <summary>Waits for the first change, not longer than <paramref name="time"/>. Throws what the watch throws.</summary>
    public async Task FirstAsync(TimeSpan time)
    {
        var step = Next();
        await ((Task)step).WaitAsync(time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (step.IsCompleted)
            await step;
    }

    /// <summary>The step under way, or a new one.</summary>
    public Task<bool> Next() => _step ??= _changes.MoveNextAsync().AsTask();

    /// <summary>Called when <see cref="Current"/> has been used: <see cref="Next"/> then begins a new step.</summary>
    public void Used() => _step = null;

    public async ValueTask DisposeAsync()
    {
        // An enumerator may be disposed of only between its steps.
        await ending.CancelAsync();
        if (_step is { } step)
            await ((Task)step).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _changes.DisposeAsync();
    }
}
