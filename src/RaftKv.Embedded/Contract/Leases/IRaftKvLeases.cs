namespace RaftKv.Embedded;

/// <summary>
/// Leases: keys that live as long as some process keeps them alive (<see cref="KvSetOptions.LeaseId"/>). When a lease ends, by
/// <see cref="RevokeAsync"/> or because it was not renewed, all its keys are deleted in one step.
/// </summary>
/// <remarks>
/// <para>The time to live is a minimum: a lease never ends earlier, by the clock of the cluster's leader. After a change of the leader it
/// lives at least for the rest that was left.</para>
/// <para>A lease signals to its holder that it may have been lost (<see cref="KvLease.LostToken"/>). It cannot stop the holder: a process
/// that is suspended between looking at the token and acting, acts too late. What must not be done twice needs a fencing token
/// (<see cref="KvLock.FencingToken"/>) where it is done.</para>
/// </remarks>
public interface IRaftKvLeases
{
    /// <summary>Grants a lease and keeps it alive, on a thread of the library's own, until it is revoked, disposed, or lost.</summary>
    /// <param name="timeToLive">How long it lives without a renewal; 500 ms to 24 h. Choose several election timeouts.</param>
    /// <param name="cancellationToken">Stops the wait; a lease that was granted all the same ends by itself.</param>
    /// <exception cref="ArgumentOutOfRangeException">The time to live is too short or too long.</exception>
    /// <exception cref="RaftKvLeaseException"><see cref="RaftKvLeaseError.TooManyLeases"/>.</exception>
    ValueTask<KvLease> GrantAsync(TimeSpan timeToLive, CancellationToken cancellationToken = default);

    /// <summary>Ends a lease of any process: all its keys are deleted.</summary>
    /// <returns><c>false</c> when there is no such lease.</returns>
    ValueTask<bool> RevokeAsync(long leaseId, CancellationToken cancellationToken = default);

    /// <summary>Reads a lease: linearizable.</summary>
    /// <returns><c>null</c> when there is no such lease.</returns>
    ValueTask<KvLeaseInfo?> GetAsync(long leaseId, CancellationToken cancellationToken = default);

    /// <summary>
    /// Lists the leases of the cluster in the order of their ids, a page at a time: linearizable. A lease with an id above
    /// <paramref name="after"/> that ends between two pages is in neither.
    /// </summary>
    /// <param name="after">
    /// Lists leases with a greater id only; the id of the last lease of the page before. The default value is 0: all.
    /// </param>
    /// <param name="limit">The most leases to return, 1 to 1,000. The default value is 100.</param>
    /// <param name="cancellationToken">Stops the wait.</param>
    /// <returns>The leases; empty when no more follow.</returns>
    ValueTask<IReadOnlyList<KvLeaseSummary>> ListAsync(long after = 0, int limit = 100, CancellationToken cancellationToken = default);
}
