namespace RaftKv.Embedded;

/// <summary>
/// Leases: keys that live as long as a process renews their lease (<see cref="KvSetOptions.LeaseId"/>). When a lease ends, by
/// <see cref="RevokeAsync"/> or because it was not renewed, all its keys are deleted in one step.
/// </summary>
/// <remarks>
/// <para>The time to live is a minimum: a lease never ends earlier, by the clock of the cluster's leader. After a change of the leader it
/// lives at least for the time that was left.</para>
/// <para>A lease signals to its holder that it may have been lost (<see cref="KvLease.LostToken"/>). It cannot stop the holder: a process
/// that is suspended after it looked at the token, and before it acts, acts too late. An action that must not be done twice needs a fencing
/// token (<see cref="KvLock.FencingToken"/>) that is checked where the action takes effect.</para>
/// </remarks>
public interface IRaftKvLeases
{
    /// <summary>Grants a lease and renews it, on a thread of the library's own, until it is revoked, disposed, or lost.</summary>
    /// <param name="timeToLive">How long it lives without a renewal; 500 ms to 24 h. Choose several election timeouts.</param>
    /// <param name="cancellationToken">Stops the wait; a lease that is granted nevertheless ends by itself.</param>
    /// <exception cref="ArgumentOutOfRangeException">The time to live is too short or too long.</exception>
    /// <exception cref="RaftKvLeaseException"><see cref="RaftKvLeaseError.TooManyLeases"/>.</exception>
    /// <exception cref="RaftKvException">No lease was granted, or it is not known whether one was; such a lease ends by itself.</exception>
    ValueTask<KvLease> GrantAsync(TimeSpan timeToLive, CancellationToken cancellationToken = default);

    /// <summary>Ends a lease of any process: all its keys are deleted.</summary>
    /// <returns><c>false</c> when there is no such lease.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The id is not positive.</exception>
    /// <exception cref="RaftKvException">The lease was not revoked, or it is not known whether it was.</exception>
    ValueTask<bool> RevokeAsync(long leaseId, CancellationToken cancellationToken = default);

    /// <summary>Reads a lease: linearizable.</summary>
    /// <returns><c>null</c> when there is no such lease.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The id is not positive.</exception>
    /// <exception cref="RaftKvUnavailableException">No quorum answered within <see cref="RaftKvOptions.RequestTimeout"/>.</exception>
    ValueTask<KvLeaseInfo?> GetAsync(long leaseId, CancellationToken cancellationToken = default);

    /// <summary>
    /// Lists the leases of the cluster in the order of their ids, a page at a time: linearizable. A lease with an id above
    /// <paramref name="after"/> that ends between two pages is in neither.
    /// </summary>
    /// <param name="after">
    /// Lists only leases with a greater id: pass the id of the last lease of the page before. The default value is 0: all leases.
    /// </param>
    /// <param name="limit">The most leases to return, 1 to 1,000. The default value is 100.</param>
    /// <param name="cancellationToken">Stops the wait.</param>
    /// <returns>The leases; empty when no more follow.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="after"/> is negative, or the limit is out of its range.</exception>
    /// <exception cref="RaftKvUnavailableException">No quorum answered within <see cref="RaftKvOptions.RequestTimeout"/>.</exception>
    ValueTask<IReadOnlyList<KvLeaseSummary>> ListAsync(long after = 0, int limit = 100, CancellationToken cancellationToken = default);
}
