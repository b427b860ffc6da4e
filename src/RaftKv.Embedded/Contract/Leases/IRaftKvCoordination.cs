namespace RaftKv.Embedded;

/// <summary>What processes agree on by leases: locks, leadership, and keys that exist as long as their process.</summary>
/// <remarks>
/// An implementation of your own, for example a fake for a test, needs <see cref="AcquireLockAsync"/>, <see cref="TryAcquireLockAsync"/>,
/// <see cref="GetHolderAsync"/> and <see cref="SetEphemeralAsync"/>. The other members have an implementation on top of these, which the
/// product overrides.
/// </remarks>
public interface IRaftKvCoordination
{
    /// <summary>Waits for a lock, in a queue: the first caller gets it first.</summary>
    /// <param name="name">What is locked. Its keys are <c>.locks/{name}/…</c>, with <c>/</c> in the name as <c>%2F</c>.</param>
    /// <param name="options">How it is held.</param>
    /// <param name="cancellationToken">Stops the wait, and leaves the queue.</param>
    /// <exception cref="ArgumentException">The name is empty or cannot be part of a key.</exception>
    /// <exception cref="RaftKvLeaseException">
    /// The place in the queue was lost: this process was cut off for longer than the time to live.
    /// </exception>
    /// <exception cref="RaftKvUnavailableException">
    /// The host began to stop during the wait (<see cref="RaftKvUnavailableReason.Stopping"/>), or the lock could not be asked for.
    /// </exception>
    /// <exception cref="RaftKvException">
    /// The lock could not be asked for; the place in the queue, if there is one, ends with its time to live.
    /// </exception>
    /// <remarks>A lock that is still held when all services of the host have stopped is released then.</remarks>
    ValueTask<KvLock> AcquireLockAsync(string name, KvLockOptions options = default, CancellationToken cancellationToken = default);

    /// <summary>Takes a lock if it is free and no other caller waits for it.</summary>
    /// <returns><c>null</c> when it is held or waited for.</returns>
    ValueTask<KvLock?> TryAcquireLockAsync(string name, KvLockOptions options = default, CancellationToken cancellationToken = default);

    /// <summary>
    /// Runs something on one process at a time, of all that call this with the same name: waits until this process is the leader, runs
    /// <paramref name="work"/>, and when leadership is lost cancels its token, waits until it has ended, and stands for election again.
    /// Returns when the work has ended by itself, and when the host begins to stop: then the token of the work is cancelled, the end of the
    /// work awaited, and leadership released.
    /// </summary>
    /// <param name="name">The name of the leadership; a lock of the same name is the same.</param>
    /// <param name="work">
    /// Gets the leadership, with its fencing token, and a token that fires when it must end: leadership is lost, or
    /// <paramref name="cancellationToken"/> fired.
    /// </param>
    /// <param name="options">How leadership is held.</param>
    /// <param name="cancellationToken">Ends it, and gives leadership up.</param>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> fired.</exception>
    /// <remarks>
    /// <para>A node that is removed from its cluster, or faulted, does not stand for election; it does again once it is added again, and
    /// the call goes on until then. What the work throws is thrown, and leadership is given up; a <see cref="RaftKvUnavailableException"/>
    /// that says that this node was removed or is faulted counts as lost leadership.</para>
    /// <para>After <paramref name="cancellationToken"/> fired, the call ends as soon as the work has ended; leadership is released in the
    /// background. While a process that lost its leadership ends its work, the next leader may have begun: see <see cref="KvLock"/>.</para>
    /// </remarks>
    Task RunWhenLeaderAsync(string name, Func<KvLock, CancellationToken, Task> work, KvLockOptions options = default,
        CancellationToken cancellationToken = default) =>
        LockedWork.RunAsync(this, name, work, options, cancellationToken);

    /// <summary>Returns the process that holds a lock, or leads under that name.</summary>
    /// <param name="name">The name of the lock or leadership.</param>
    /// <param name="cancellationToken">Stops the wait.</param>
    /// <returns>
    /// <c>null</c> when none does. Linearizable: the holder at some moment during the call. It may have released the lock since.
    /// </returns>
    /// <exception cref="RaftKvException">The cluster could not be asked.</exception>
    ValueTask<KvLockHolder?> GetHolderAsync(string name, CancellationToken cancellationToken = default);

    /// <summary>
    /// Yields the process that leads (or holds the lock) under that name: now, and whenever it is another one; <c>null</c> while none does.
    /// A holder that released the lock before it was looked at is passed over.
    /// </summary>
    /// <param name="name">The name of the lock or leadership.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="RaftKvException">
    /// The cluster could not be asked at the start. Later the watch waits until it can be asked again.
    /// </exception>
    IAsyncEnumerable<KvLockHolder?> WatchLeaderAsync(string name, CancellationToken cancellationToken = default) =>
        LockedWork.WatchHolderAsync(this, name, cancellationToken);

    /// <summary>
    /// Sets a key that exists as long as this process: it is deleted at once when its host stops, within 15 s when it dies. All such keys
    /// of a process share one lease; if that is lost, because the process was cut off from the cluster, they are deleted and must be set
    /// again.
    /// </summary>
    /// <returns>The lease the key is bound to; <see cref="KvLease.LostToken"/> fires when the key must be set again.</returns>
    ValueTask<KvLease> SetEphemeralAsync(string key, ReadOnlyMemory<byte> value, CancellationToken cancellationToken = default);
}
