using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Primitives;

namespace RaftKv.Embedded;

/// <summary>
/// An always current copy in memory of the keys in a range: reading it is a look into a dictionary. It follows this node's own copy, takes over a
/// transaction as a whole, and begins anew by itself when it has fallen too far behind. Opened by <see cref="DistributedKvViewExtensions"/>.
/// </summary>
/// <remarks>Safe for any number of threads. To wait for a change, ask for the token first and look second.</remarks>
public sealed class KvView<T> : IFollowedState, IAsyncDisposable
{
    private readonly Func<ReadOnlyMemory<byte>, T> _decode;
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private CancellationTokenSource _changed = new();
    private KvViewState<T> _current = KvViewState<T>.Empty;
    private ImmutableDictionary<string, T>.Builder _values = KvViewState<T>.Empty.Values.ToBuilder();
    private ImmutableDictionary<string, Exception>.Builder _errors = KvViewState<T>.Empty.Errors.ToBuilder();

    private KvView(Func<ReadOnlyMemory<byte>, T> decode) => _decode = decode;

    /// <summary>The newest state: all that is read from it is of one version.</summary>
    public KvViewState<T> Current => Volatile.Read(ref _current);

    /// <summary>The newest value of a key.</summary>
    /// <exception cref="KeyNotFoundException">The key is not there.</exception>
    public T this[string key] => Current.Values[key];

    /// <summary>
    /// Completes when the view is not updated any more: after <see cref="DisposeAsync"/>, when the host begins to stop, or with the error when the node is faulted. What it held can still be read.
    /// While the node is removed from its cluster the view stays as it is; it is updated again once the node is added again.
    /// </summary>
    public Task Completion { get; private set; } = Task.CompletedTask;

    internal static async Task<KvView<T>> OpenAsync(IDistributedKv kv, KvKeyRange range, Func<ReadOnlyMemory<byte>, T> decode, KvConsistency consistency, CancellationToken cancellationToken)
    {
        var view = new KvView<T>(decode);
        var watch = new KvWatchOptions { InitialState = true, Consistency = consistency };
        // The first attempt is not repeated: the caller is told why the view cannot be opened.
        view.Completion = view.FollowAsync(stop => kv.WatchAsync(range, watch, stop));
        // An exception that is never looked at is not an event for the host.
        _ = view.Completion.ContinueWith(static ended => ended.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        try
        {
            await (await Task.WhenAny(view._opened.Task, view.Completion).WaitAsync(cancellationToken).ConfigureAwait(false)).ConfigureAwait(false);
            return view;
        }
        catch
        {
            await view.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>The newest value of a key; <c>false</c> when it is not there.</summary>
    public bool TryGetValue(string key, [MaybeNullWhen(false)] out T value) => Current.Values.TryGetValue(key, out value);

    /// <summary>Fires once, after the next change has become visible; or when there will be no more.</summary>
    public IChangeToken GetChangeToken() => new CancellationChangeToken(Volatile.Read(ref _changed).Token);

    /// <summary>Ends the updates.</summary>
    public async ValueTask DisposeAsync()
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
        Volatile.Write(ref _current, new KvViewState<T> { Values = _values.ToImmutable(), Errors = _errors.ToImmutable(), Version = version });
        _opened.TrySetResult();
        Fire(Interlocked.Exchange(ref _changed, new CancellationTokenSource()));
    }

    private async Task FollowAsync(Func<CancellationToken, IAsyncEnumerable<KvEvent>> watch)
    {
        try
        {
            await StateFollower.RunAsync(watch, this, retryFirst: false, _stop.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Disposed: the end that was asked for.
        }
        catch (RaftKvUnavailableException e) when (e.Reason == RaftKvUnavailableReason.Stopping && _opened.Task.IsCompleted)
        {
            // The host stops, which is no error of the view.
        }
        finally
        {
            Fire(_changed);
        }
    }

    /// <summary>What listeners throw is theirs, and must not end the view.</summary>
    private static void Fire(CancellationTokenSource changed) => ThreadPool.UnsafeQueueUserWorkItem(static changed =>
    {
        try
        {
            changed.Cancel();
        }
        catch (AggregateException)
        {
        }
    }, changed, preferLocal: false);
}
