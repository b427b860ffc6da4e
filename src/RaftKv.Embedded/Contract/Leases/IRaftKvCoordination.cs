namespace RaftKv.Embedded;

/// <summary>Coordination of processes by leases: locks, leadership, and keys that exist as long as their process.</summary>
/// <remarks>
/// An implementation of your own, for example a fake for a test, needs <see cref="AcquireLockAsync"/>, <see cref="TryAcquireLockAsync"/>,
/// <see cref="GetHolderAsync"/> and <see cref="SetEphemeralAsync"/>. The other members have an implementation on top of these, which the
/// product overrides.
/// </remarks>
public interface IRaftKvCoordination
{
    /// <summary>Waits for a lock, in a queue: callers get the lock in the order of their requests.</summary>
    /// <param name="name">The name of the lock. Its keys are <c>.locks/{name}/…</c>, with <c>/</c> in the name as <c>%2F</c>.</param>
    /// <param name="options">The time to live of the lock.</param>
    /// <param name="cancellationToken">Stops the wait; the caller leaves the queue.</param>
    /// <exception cref="ArgumentException">The name is empty or cannot be part of a key.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The time to live is too short or too long.</exception>
    /// <exception cref="RaftKvLeaseException">
    /// The place in the queue was lost: this process was cut off from the cluster for longer than the time to live.
    /// </exception>
    /// <exception cref="RaftKvUnavailableException">
    /// The host began to stop during the wait (<see cref="RaftKvUnavailableReason.Stopping"/>), or the request could not be sent.
    /// </exception>
    /// <exception cref="RaftKvException">
    /// The request for the lock failed; the place in the queue, if there is one, ends with its time to live.
    /// </exception>
    /// <remarks>A lock that is still held when all services of the host have stopped is released then.</remarks>
    ValueTask<KvLock> AcquireLockAsync(string name, KvLockOptions options = default, CancellationToken cancellationToken = default);

    /// <summary>Takes a lock if it is free and no other caller waits for it. Does not wait for the lock.</summary>
    /// <returns><c>null</c> when another caller holds the lock or waits for it.</returns>
    /// <exception cref="ArgumentException">The name is empty or cannot be part of a key.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The time to live is too short or too long.</exception>
    /// <exception cref="RaftKvException">
    /// The request for the lock failed; a lock that was taken nevertheless ends with its time to live.
    /// </exception>
    ValueTask<KvLock?> TryAcquireLockAsync(string name, KvLockOptions options = default, CancellationToken cancellationToken = default);

    /// <summary>
    /// Runs <paramref name="work"/> in one process at a time, of all that call this method with the same name. Waits until this process is
    /// the leader, and runs the work. When leadership is lost, cancels the token of the work, waits until the work has ended, and stands
    /// for election again. Returns when the work has ended by itself. Returns also when the host begins to stop: then the token of the work
    /// is cancelled, the end of the work awaited, and leadership released.
    /// </summary>
    /// <param name="name">The name of the leadership. It is also the name of a lock: the leader holds that lock.</param>
    /// <param name="work">
    /// Receives the leadership, with its fencing token, and a token that fires when the work must end: leadership is lost, the host begins
    /// to stop, or <paramref name="cancellationToken"/> fired.
    /// </param>
    /// <param name="options">The time to live of the leadership.</param>
    /// <param name="cancellationToken">Ends the work, and releases leadership.</param>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> fired.</exception>
    /// <remarks>
    /// <para>A node that is removed from its cluster, or is faulted, does not stand for election. It does so again once it is added again;
    /// the call continues until then. An exception of the work releases leadership and is thrown to the caller, except a
    /// <see cref="RaftKvUnavailableException"/> that says that this node was removed or is faulted: that counts as lost leadership.</para>
    /// <para>After <paramref name="cancellationToken"/> fired, the call ends as soon as the work has ended; leadership is released in the
    /// background. While a process that lost its leadership ends its work, the next leader may have begun: see <see cref="KvLock"/>.</para>
    /// </remarks>
    Task RunWhenLeaderAsync(string name, Func<KvLock, CancellationToken, Task> work, KvLockOptions options = default,
        CancellationToken cancellationToken = default) =>
        LockedWork.RunAsync(this, name, work, options, cancellationToken);

    /// <summary>Returns the process that holds a lock or a leadership.</summary>
    /// <param name="name">The name of the lock or leadership.</param>
    /// <param name="cancellationToken">Stops the wait.</param>
    /// <returns>
    /// <c>null</c> when no process holds it. Linearizable: the holder at some moment during the call. It may have released the lock since.
    /// </returns>
    /// <exception cref="ArgumentException">The name is empty or cannot be part of a key.</exception>
    /// <exception cref="RaftKvException">The read failed.</exception>
    ValueTask<KvLockHolder?> GetHolderAsync(string name, CancellationToken cancellationToken = default);

    /// <summary>
    /// Yields the process that holds a lock or a leadership: the holder now, and each later one; <c>null</c> while there is none. A holder
    /// that released the lock between two reads is not yielded.
    /// </summary>
    /// <param name="name">The name of the lock or leadership.</param>
    /// <param name="cancellationToken">Ends the enumeration.</param>
    /// <exception cref="ArgumentException">The name is empty or cannot be part of a key.</exception>
    /// <exception cref="RaftKvException">
    /// The first read failed. When a later read fails with a transient error, it is repeated until it succeeds.
    /// </exception>
    IAsyncEnumerable<KvLockHolder?> WatchLeaderAsync(string name, CancellationToken cancellationToken = default) =>
        LockedWork.WatchHolderAsync(this, name, cancellationToken);

    /// <summary>
    /// Sets a key that exists as long as this process: it is deleted at once when the host of the process stops, and within 15 s when the
    /// process dies. All such keys of a process share one lease. If that lease is lost, because the process was cut off from the cluster,
    /// the keys are deleted and must be set again.
    /// </summary>
    /// <returns>The lease the key is bound to; <see cref="KvLease.LostToken"/> fires when the key must be set again.</returns>
    /// <exception cref="RaftKvException">
    /// The key was not set, or it is not known whether it was; errors are those of <see cref="IRaftKvLeases.GrantAsync"/> and
    /// <see cref="IDistributedKv.SetAsync"/>.
    /// </exception>
    ValueTask<KvLease> SetEphemeralAsync(string key, ReadOnlyMemory<byte> value, CancellationToken cancellationToken = default);
}
