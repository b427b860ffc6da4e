namespace RaftKv.Embedded;

/// <summary>Locks, leaderships and ephemeral keys of a prefix.</summary>
internal sealed class PrefixedCoordination : IRaftKvCoordination
{
    private readonly IRaftKvCoordination _inner;
    private readonly KeyPrefix _prefix;

    public PrefixedCoordination(IRaftKvCoordination inner, KeyPrefix prefix)
    {
        ArgumentNullException.ThrowIfNull(inner);
        (_inner, _prefix) = (inner, prefix);
    }

    public async ValueTask<KvLock> AcquireLockAsync(string name, KvLockOptions options = default,
        CancellationToken cancellationToken = default) =>
        Inside(name, await _inner.AcquireLockAsync(_prefix.Name(name), options, cancellationToken).ConfigureAwait(false));

    public async ValueTask<KvLock?> TryAcquireLockAsync(string name, KvLockOptions options = default,
        CancellationToken cancellationToken = default) =>
        await _inner.TryAcquireLockAsync(_prefix.Name(name), options, cancellationToken).ConfigureAwait(false) is { } held
            ? Inside(name, held) : null;

    public Task RunWhenLeaderAsync(string name, Func<KvLock, CancellationToken, Task> work, KvLockOptions options = default,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(work);
        return _inner.RunWhenLeaderAsync(_prefix.Name(name), (held, stop) => work(Inside(name, held), stop), options, cancellationToken);
    }

    public ValueTask<KvLockHolder?> GetHolderAsync(string name, CancellationToken cancellationToken = default) =>
        _inner.GetHolderAsync(_prefix.Name(name), cancellationToken);

    public IAsyncEnumerable<KvLockHolder?> WatchLeaderAsync(string name, CancellationToken cancellationToken = default) =>
        _inner.WatchLeaderAsync(_prefix.Name(name), cancellationToken);

    public ValueTask<KvLease> SetEphemeralAsync(string key, ReadOnlyMemory<byte> value, CancellationToken cancellationToken = default) =>
        _inner.SetEphemeralAsync(_prefix.Outer(key), value, cancellationToken);

    private PrefixedLock Inside(string name, KvLock held) => new(held, name, _prefix.Inner(held.Key));
}
