using System.Collections.Immutable;
using Microsoft.Extensions.Primitives;

namespace RaftKv.Embedded;

/// <summary>A view that follows a watch.</summary>
internal sealed class WatchedView<T> : KvView<T>, IFollowedState
{
    private readonly Func<ReadOnlyMemory<byte>, T> _decode;
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _completion = Task.CompletedTask;
    private CancellationTokenSource _changed = new();
    private KvViewState<T> _current = KvViewState<T>.Empty;
    private ImmutableDictionary<string, T>.Builder _values = KvViewState<T>.Empty.Values.ToBuilder();
    private ImmutableDictionary<string, Exception>.Builder _errors = KvViewState<T>.Empty.Errors.ToBuilder();

    private WatchedView(Func<ReadOnlyMemory<byte>, T> decode) => _decode = decode;

    public override KvViewState<T> Current => Volatile.Read(ref _current);

    public override Task Completion => _completion;

    public static async Task<KvView<T>> OpenAsync(IDistributedKv kv, KvKeyRange range, Func<ReadOnlyMemory<byte>, T> decode,
        KvConsistency consistency, CancellationToken cancellationToken)
    {
        var view = new WatchedView<T>(decode);
        var watch = new KvWatchOptions { InitialState = true, Consistency = consistency };
        // The first attempt is not repeated, so that the caller learns why the view cannot be opened.
        view._completion = view.FollowAsync(stop => kv.WatchAsync(range, watch, stop));
        // Reads the exception: one that is never read would raise TaskScheduler.UnobservedTaskException.
        _ = view._completion.ContinueWith(static ended => ended.Exception, CancellationToken.None,
            TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        try
        {
            var first = await Task.WhenAny(view._opened.Task, view.Completion).WaitAsync(cancellationToken).ConfigureAwait(false);
            await first.ConfigureAwait(false);
            return view;
        }
        catch
        {
            await view.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public override IChangeToken GetChangeToken() => new CancellationChangeToken(Volatile.Read(ref _changed).Token);

    public override async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await Completion.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    void IFollowedState.Begin()
    {
        _values = KvViewState<T>.Empty.Values.ToBuilder();
        _errors = KvViewState<T>.Empty.Errors.ToBuilder();
    }

    void IFollowedState.Apply(in KvEvent change)
    {
        _values.Remove(change.Key);
        _errors.Remove(change.Key);
        if (change.Kind != KvEventKind.Put)
            return;
        try
        {
            _values.Add(change.Key, _decode(change.Value));
        }
        catch (Exception e)
        {
            _errors.Add(change.Key, e);
        }
    }

    void IFollowedState.Publish(KvVersion version)
    {
        var state = new KvViewState<T> { Values = _values.ToImmutable(), Errors = _errors.ToImmutable(), Version = version };
        Volatile.Write(ref _current, state);
        _opened.TrySetResult();
        Signal();
    }

    private async Task FollowAsync(Func<CancellationToken, IAsyncEnumerable<KvEvent>> watch)
    {
        try
        {
            await StateFollower.RunAsync(watch, this, retryFirst: false, _stop.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The view was disposed.
        }
        catch (RaftKvUnavailableException e) when (e.Reason == RaftKvUnavailableReason.Stopping && _opened.Task.IsCompleted)
        {
            // The host stops, which is no error of the view.
        }
        finally
        {
            // The end is the last change: the token that a listener takes when it hears of it, and all later ones, never fire. A token that
            // has fired already would call the listener again at once, without end.
            Signal();
        }
    }

    /// <summary>The tokens taken so far fire, on the pool. The view ignores exceptions of the listeners.</summary>
    private void Signal() => ThreadPool.UnsafeQueueUserWorkItem(static changed =>
    {
        try
        {
            changed.Cancel();
        }
        catch (AggregateException)
        {
        }
    }, Interlocked.Exchange(ref _changed, new CancellationTokenSource()), preferLocal: false);
}
