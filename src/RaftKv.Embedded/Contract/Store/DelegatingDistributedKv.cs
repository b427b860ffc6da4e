namespace RaftKv.Embedded;

/// <summary>
/// Forwards every call to another store. Derive from it to change some calls: for example to count them, to make them fail in a test, or to
/// encrypt values.
/// </summary>
public abstract class DelegatingDistributedKv : IDistributedKv
{
    /// <param name="inner">The store that gets the calls.</param>
    protected DelegatingDistributedKv(IDistributedKv inner)
    {
        ArgumentNullException.ThrowIfNull(inner);
        Inner = inner;
    }

    /// <summary>The store that gets the calls.</summary>
    protected IDistributedKv Inner { get; }

    /// <inheritdoc/>
    public virtual ValueTask<KvGetResult> GetAsync(string key, KvReadOptions options = default,
        CancellationToken cancellationToken = default) => Inner.GetAsync(key, options, cancellationToken);

    /// <inheritdoc/>
    public virtual ValueTask<IReadOnlyDictionary<string, KvGetResult>> GetManyAsync(IEnumerable<string> keys,
        KvReadOptions options = default, CancellationToken cancellationToken = default) =>
        Inner.GetManyAsync(keys, options, cancellationToken);

    /// <inheritdoc/>
    public virtual ValueTask<KvWriteResult> SetAsync(string key, ReadOnlyMemory<byte> value, KvSetOptions options = default,
        CancellationToken cancellationToken = default) => Inner.SetAsync(key, value, options, cancellationToken);

    /// <inheritdoc/>
    public virtual ValueTask<KvWriteResult> DeleteAsync(string key, KvDeleteOptions options = default,
        CancellationToken cancellationToken = default) => Inner.DeleteAsync(key, options, cancellationToken);

    /// <inheritdoc/>
    public virtual ValueTask<KvTransactionResult> CommitAsync(KvTransaction transaction, CancellationToken cancellationToken = default) =>
        Inner.CommitAsync(transaction, cancellationToken);

    /// <inheritdoc/>
    public virtual bool TryRead<TState, TResult>(string key, TState state, KvReader<TState, TResult> read, out TResult? result) =>
        Inner.TryRead(key, state, read, out result);

    /// <inheritdoc/>
    public virtual ValueTask<KvReadResult<TResult>> ReadAsync<TState, TResult>(string key, TState state, KvReader<TState, TResult> read,
        KvReadOptions options = default, CancellationToken cancellationToken = default) =>
        Inner.ReadAsync(key, state, read, options, cancellationToken);

    /// <inheritdoc/>
    public virtual IAsyncEnumerable<KvEntry> ScanAsync(KvKeyRange range, KvScanOptions options = default,
        CancellationToken cancellationToken = default) => Inner.ScanAsync(range, options, cancellationToken);

    /// <inheritdoc/>
    public virtual ValueTask<KvScanPage> ScanPageAsync(KvKeyRange range, KvScanOptions options = default,
        CancellationToken cancellationToken = default) => Inner.ScanPageAsync(range, options, cancellationToken);

    /// <inheritdoc/>
    public virtual ValueTask<long> CountAsync(KvKeyRange range, KvReadOptions options = default,
        CancellationToken cancellationToken = default) => Inner.CountAsync(range, options, cancellationToken);

    /// <inheritdoc/>
    public virtual IAsyncEnumerable<KvChild> ListChildrenAsync(string prefix, char delimiter = '/', KvReadOptions options = default,
        string? after = null, CancellationToken cancellationToken = default) =>
        Inner.ListChildrenAsync(prefix, delimiter, options, after, cancellationToken);

    /// <inheritdoc/>
    public virtual IAsyncEnumerable<KvEvent> WatchAsync(KvKeyRange range, KvWatchOptions options = default,
        CancellationToken cancellationToken = default) => Inner.WatchAsync(range, options, cancellationToken);
}
