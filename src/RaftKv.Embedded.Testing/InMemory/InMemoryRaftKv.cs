using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using RaftKv.Embedded.Client;
using RaftKv.Embedded.Diagnostics;
using RaftKv.Embedded.Node;

namespace RaftKv.Embedded.Testing;

/// <summary>
/// The store in memory, for tests: a cluster of one without threads, disk and port. It runs the product's own code, so its answers and its
/// errors are the product's. Calls are complete when they return, except those that must wait (a watch, a lock that another caller holds).
/// </summary>
/// <remarks>
/// <para>Time is that of the <see cref="TimeProvider"/>. When a <c>FakeTimeProvider</c> is advanced, every key, lease and lock whose time
/// is over has ended when the call returns. A lease that this process holds is renewed in time while every single step is shorter than its
/// time to live. A longer step has the effect of a suspended process: the lease is lost.</para>
/// <para>Failures are ordered with <see cref="Fail"/>, <see cref="FailNext"/>, <see cref="FailNextWrite"/>,
/// <see cref="FailNextOutcomeUnknown(bool, int)"/>, <see cref="LoseLockAsync"/>, <see cref="Compact"/> and <see cref="Delay"/>;
/// <see cref="Recover"/> ends them. Failures act on everything that uses this store, also on locks, leases and the cache.
/// Thread-safe.</para>
/// </remarks>
public sealed class InMemoryRaftKv : IDistributedKv, IDisposable
{
    private readonly InMemoryReplica _replica;
    private readonly LeaseRenewer _renewer;
    private readonly RaftKvLeases _leases;
    private readonly RaftKvCoordination _coordination;

    /// <summary>Creates an empty store.</summary>
    /// <param name="time">The time of keys, leases and delays. The default value is <see cref="TimeProvider.System"/>.</param>
    /// <param name="configure">Sets the options, for example the limits. Options of the disk and the network have no effect.</param>
    public InMemoryRaftKv(TimeProvider? time = null, Action<RaftKvOptions>? configure = null)
        : this(time ?? TimeProvider.System, OptionsFrom(configure), new ReservedKeys([]), new Observers(NullLoggerFactory.Instance))
    {
    }

    internal InMemoryRaftKv(TimeProvider time, RaftKvOptions options, ReservedKeys reserved, Observers observers)
    {
        _replica = new InMemoryReplica(options, time, observers);
        Access.Set(_replica);
        Kv = new DistributedKv(Access, options, reserved);
        _renewer = new LeaseRenewer(Access, options, _replica.Run);
        _replica.RenewLeases = _renewer.Renew;
        _leases = new RaftKvLeases(Access, Kv, options, _renewer);
        _coordination = new RaftKvCoordination(Kv, _leases, Access, Options.Create(options));
        Cluster = new InMemoryCluster(new RaftKvCluster(Access, options), _replica, options);
        Cache = new RaftKvCache(Kv, new RaftKvCacheOptions());
    }

    /// <summary>Leases.</summary>
    public IRaftKvLeases Leases => _leases;

    /// <summary>Locks and leaders.</summary>
    public IRaftKvCoordination Coordination => _coordination;

    /// <summary>The cluster of one node. After <see cref="Fail"/> its status shows the failure.</summary>
    public IRaftKvCluster Cluster { get; }

    /// <summary>The store as a cache, with the default options of <see cref="RaftKvCacheOptions"/>.</summary>
    public IDistributedCache Cache { get; }

    internal LocalReplica Replica => _replica;

    internal ReplicaAccess Access { get; } = new();

    internal DistributedKv Kv { get; }

    internal RaftKvLeases OwnLeases => _leases;

    internal RaftKvCoordination OwnCoordination => _coordination;

    /// <summary>
    /// Refuses calls for this reason from now on, until <see cref="Recover"/>. As in the product, stale reads go on, and so do reads with
    /// <see cref="KvReadOptions.StaleWithoutLeader"/>; <see cref="RaftKvUnavailableReason.NoSpace"/>,
    /// <see cref="RaftKvUnavailableReason.Overloaded"/> and <see cref="RaftKvUnavailableReason.FeatureNotActive"/> concern writes only, and
    /// <see cref="RaftKvUnavailableReason.StaleRead"/> reads only. Leases are not renewed meanwhile, except with
    /// <see cref="RaftKvUnavailableReason.NoSpace"/> and <see cref="RaftKvUnavailableReason.StaleRead"/>. Unlike in the product, no call
    /// waits for <see cref="RaftKvOptions.RequestTimeout"/> first.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such reason.</exception>
    public void Fail(RaftKvUnavailableReason reason)
    {
        ThrowIfUndefined(reason);
        _replica.Faults.Set(reason);
    }

    /// <summary>
    /// Refuses only the next calls for this reason: for tests of code that retries. When the application calls by itself too (leader
    /// services, locks that are renewed), use <see cref="FailNextWrite"/>.
    /// </summary>
    /// <param name="reason">As for <see cref="Fail"/>; calls that it does not concern are not counted.</param>
    /// <param name="calls">How many calls. The default value is 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such reason, or the number is not positive.</exception>
    public void FailNext(RaftKvUnavailableReason reason, int calls = 1)
    {
        ThrowIfUndefined(reason);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(calls);
        _replica.Faults.RefuseNext(reason, calls);
    }

    /// <summary>
    /// As <see cref="FailNext"/>, but only for writes of certain keys: sets, deletes, and transactions with such a key among the writes of
    /// a branch (a range by its start). Other writes, and all reads, go on.
    /// </summary>
    /// <param name="reason">As for <see cref="Fail"/>.</param>
    /// <param name="key">Returns whether writes of a key are refused; for a prefix <c>key => key.StartsWith("orders/")</c>. It must not
    /// throw.</param>
    /// <param name="writes">How many writes. The default value is 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// There is no such reason, it concerns reads only (<see cref="RaftKvUnavailableReason.StaleRead"/>), or the number is not positive.
    /// </exception>
    public void FailNextWrite(RaftKvUnavailableReason reason, Predicate<string> key, int writes = 1)
    {
        ThrowIfUndefined(reason);
        if (!InMemoryFaults.ConcernsWrites(reason))
            throw new ArgumentOutOfRangeException(nameof(reason), reason, "No write is refused for this reason.");
        ArgumentNullException.ThrowIfNull(key);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(writes);
        _replica.Faults.RefuseNext(reason, writes, key);
    }

    /// <summary>
    /// Ends the next writes with <see cref="RaftKvOutcomeUnknownException"/>: sets, deletes, transactions, and the writes of locks and
    /// leases.
    /// </summary>
    /// <param name="applied">Whether the writes are carried out nevertheless. Callers cannot tell.</param>
    /// <param name="writes">How many writes. The default value is 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number is not positive.</exception>
    public void FailNextOutcomeUnknown(bool applied, int writes = 1)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(writes);
        _replica.Faults.LoseOutcomeOfNext(applied, writes);
    }

    /// <summary>As <see cref="FailNextOutcomeUnknown(bool, int)"/>, but only for writes of certain keys.</summary>
    /// <param name="applied">Whether the writes are carried out nevertheless. Callers cannot tell.</param>
    /// <param name="key">As for <see cref="FailNextWrite"/>.</param>
    /// <param name="writes">How many writes. The default value is 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number is not positive.</exception>
    public void FailNextOutcomeUnknown(bool applied, Predicate<string> key, int writes = 1)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(writes);
        _replica.Faults.LoseOutcomeOfNext(applied, writes, key);
    }

    /// <summary>
    /// Delays each call by this time of the <see cref="TimeProvider"/> before the cluster answers it. Reads that wait for nothing (stale
    /// reads, and reads under a leader lease) are not delayed. At <see cref="RaftKvOptions.RequestTimeout"/> and beyond, reads end with
    /// <see cref="RaftKvUnavailableReason.NoQuorum"/> and writes with <see cref="RaftKvOutcomeUnknownException"/>, although the writes are
    /// carried out. <see cref="TimeSpan.Zero"/> ends the delay.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The time is negative.</exception>
    public void Delay(TimeSpan time)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(time, TimeSpan.Zero);
        _replica.Faults.Delay = time;
    }

    /// <summary>Ends all failures and delays that were ordered.</summary>
    public void Recover() => _replica.Faults.Clear();

    /// <summary>
    /// Takes a lock from its holder, as after a long pause of the holder's process: its lease ends, its <see cref="KvLock.LostToken"/>
    /// fires, and the next caller in the queue gets the lock.
    /// </summary>
    /// <param name="name">The name of the lock, or the name that was given to <see cref="IRaftKvCoordination.RunWhenLeaderAsync"/>.</param>
    /// <returns>Whether the lock was held.</returns>
    public async Task<bool> LoseLockAsync(string name)
    {
        if (await _coordination.GetHolderAsync(name).ConfigureAwait(false) is not { LeaseId: var lease and > 0 })
            return false;
        _renewer.Lose(lease);
        return await _leases.RevokeAsync(lease).ConfigureAwait(false);
    }

    /// <summary>
    /// Forgets all changes so far, as a node does that has loaded a snapshot: watches under way, watches that begin at an earlier version,
    /// and scans under way end with <see cref="RaftKvCompactedException"/>.
    /// </summary>
    public void Compact() => _replica.Compact();

    /// <summary>Ends watches, waits for locks, and leaderships; calls are refused from now on
    /// (<see cref="RaftKvUnavailableReason.Stopping"/>).</summary>
    public void Dispose()
    {
        Access.BeginStop();
        _replica.Dispose();
        _coordination.Dispose();
    }

    /// <inheritdoc/>
    public ValueTask<KvGetResult> GetAsync(string key, KvReadOptions options = default, CancellationToken cancellationToken = default) =>
        Kv.GetAsync(key, options, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyDictionary<string, KvGetResult>> GetManyAsync(
        IEnumerable<string> keys, KvReadOptions options = default, CancellationToken cancellationToken = default) =>
        Kv.GetManyAsync(keys, options, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<KvWriteResult> SetAsync(
        string key, ReadOnlyMemory<byte> value, KvSetOptions options = default, CancellationToken cancellationToken = default) =>
        Kv.SetAsync(key, value, options, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<KvWriteResult> DeleteAsync(
        string key, KvDeleteOptions options = default, CancellationToken cancellationToken = default) =>
        Kv.DeleteAsync(key, options, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<KvTransactionResult> CommitAsync(KvTransaction transaction, CancellationToken cancellationToken = default) =>
        Kv.CommitAsync(transaction, cancellationToken);

    /// <inheritdoc/>
    public bool TryRead<TState, TResult>(string key, TState state, KvReader<TState, TResult> read, out TResult? result) =>
        Kv.TryRead(key, state, read, out result);

    /// <inheritdoc/>
    public ValueTask<KvReadResult<TResult>> ReadAsync<TState, TResult>(string key, TState state, KvReader<TState, TResult> read,
        KvReadOptions options = default, CancellationToken cancellationToken = default) =>
        Kv.ReadAsync(key, state, read, options, cancellationToken);

    /// <inheritdoc/>
    public IAsyncEnumerable<KvEntry> ScanAsync(
        KvKeyRange range, KvScanOptions options = default, CancellationToken cancellationToken = default) =>
        Kv.ScanAsync(range, options, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<KvScanPage> ScanPageAsync(
        KvKeyRange range, KvScanOptions options = default, CancellationToken cancellationToken = default) =>
        Kv.ScanPageAsync(range, options, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<long> CountAsync(KvKeyRange range, KvReadOptions options = default, CancellationToken cancellationToken = default) =>
        Kv.CountAsync(range, options, cancellationToken);

    /// <inheritdoc/>
    public IAsyncEnumerable<KvChild> ListChildrenAsync(string prefix, char delimiter = '/', KvReadOptions options = default,
        string? after = null, CancellationToken cancellationToken = default) =>
        Kv.ListChildrenAsync(prefix, delimiter, options, after, cancellationToken);

    /// <inheritdoc/>
    public IAsyncEnumerable<KvEvent> WatchAsync(
        KvKeyRange range, KvWatchOptions options = default, CancellationToken cancellationToken = default) =>
        Kv.WatchAsync(range, options, cancellationToken);

    private static RaftKvOptions OptionsFrom(Action<RaftKvOptions>? configure)
    {
        var options = new RaftKvOptions();
        configure?.Invoke(options);
        InMemoryOptions.Apply(options);
        return options;
    }

    private static void ThrowIfUndefined(RaftKvUnavailableReason reason)
    {
        if (!Enum.IsDefined(reason))
            throw new ArgumentOutOfRangeException(nameof(reason), reason, "There is no such reason.");
    }
}
