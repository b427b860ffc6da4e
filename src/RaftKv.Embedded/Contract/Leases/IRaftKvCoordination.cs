namespace RaftKv.Embedded;

/// <summary>What processes agree on by leases: locks, leadership, and keys that go with their process.</summary>
public interface IRaftKvCoordination
{
    /// <summary>Waits for a lock, in line: who asked first has it first.</summary>
    /// <param name="name">What is locked. Its keys are <c>.locks/{name}/…</c>, with <c>/</c> in the name as <c>%2F</c>.</param>
    /// <param name="options">How it is held.</param>
    /// <param name="cancellationToken">Stops the wait, and leaves the line.</param>
    /// <exception cref="ArgumentException">The name is empty or cannot be part of a key.</exception>
    /// <exception cref="RaftKvLeaseException">The place in line was lost: this process was cut off for longer than the time to live.</exception>
    /// <exception cref="RaftKvUnavailableException">The host began to stop during the wait (<see cref="RaftKvUnavailableReason.Stopping"/>), or the lock could not be asked for.</exception>
    /// <exception cref="RaftKvException">The lock could not be asked for; the place in line, if there is one, goes by itself.</exception>
    /// <remarks>A lock that is still held when all services of the host have stopped is released then.</remarks>
    ValueTask<KvLock> AcquireLockAsync(string name, KvLockOptions options = default, CancellationToken cancellationToken = default);

    /// <summary>Takes a lock if it is free and no other caller waits for it.</summary>
    /// <returns><c>null</c> when it is held or waited for.</returns>
    ValueTask<KvLock?> TryAcquireLockAsync(string name, KvLockOptions options = default, CancellationToken cancellationToken = default);

    /// <summary>
    /// Runs something on one process at a time, of all that call this with the same name: waits until this process is the leader, runs <paramref name="work"/>, and when leadership is
    /// lost cancels its token, waits until it has ended, and stands for election again. Returns when the work has ended by itself, and when the host begins to
    /// stop: then the token of the work is cancelled, the end of the work awaited, and leadership released.
    /// </summary>
    /// <param name="name">Of the office; a lock of the same name is the same office.</param>
    /// <param name="work">Gets the leadership, with its fencing token, and a token that fires when it must end: leadership is lost, or <paramref name="cancellationToken"/> fired.</param>
    /// <param name="options">How leadership is held.</param>
    /// <param name="cancellationToken">Ends it, and gives leadership up.</param>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> fired.</exception>
    /// <remarks>
    /// A node that is removed from its cluster, or faulted, does not stand for election; it does again once it is added again, and the call goes on until then.
    /// What the work throws is thrown, and leadership is given up; a <see cref="RaftKvUnavailableException"/> that says that this node was removed or is faulted counts as lost leadership.
    /// After <paramref name="cancellationToken"/> fired, the call ends as soon as the work has ended; leadership is released beside it. While a process that lost its leadership winds up its work, the next leader may have begun: see <see cref="KvLock"/>.
    /// </remarks>
    Task RunWhenLeaderAsync(string name, Func<KvLock, CancellationToken, Task> work, KvLockOptions options = default, CancellationToken cancellationToken = default);

    /// <summary>Tells which process holds a lock, or leads the office of that name.</summary>
    /// <param name="name">Of the lock or office.</param>
    /// <param name="cancellationToken">Stops the wait.</param>
    /// <returns><c>null</c> when none does. Linearizable: the holder at some moment during the call. It may have gone by the time the answer is here.</returns>
    /// <exception cref="RaftKvException">The cluster could not be asked.</exception>
    ValueTask<KvLockHolder?> GetHolderAsync(string name, CancellationToken cancellationToken = default);

    /// <summary>
    /// Tells which process leads the office (or holds the lock) of that name: now, and whenever it is another one; <c>null</c> while none does. A holder that is gone before it was looked at is
    /// passed over.
    /// </summary>
    /// <param name="name">Of the office or lock.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="RaftKvException">The cluster could not be asked at the start. Later the watch waits until it can be asked again.</exception>
    IAsyncEnumerable<KvLockHolder?> WatchLeaderAsync(string name, CancellationToken cancellationToken = default);

    /// <summary>
    /// Sets a key that goes with this process: at once when its host stops, within 15 s when it dies. All such keys of a process share one lease; if that is lost, because the process was
    /// cut off from the cluster, they go and must be set again.
    /// </summary>
    /// <returns>The lease the key is bound to; its <see cref="KvLease.Lost"/> says when to set the key again.</returns>
    ValueTask<KvLease> SetEphemeralAsync(string key, ReadOnlyMemory<byte> value, CancellationToken cancellationToken = default);
}
