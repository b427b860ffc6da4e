namespace RaftKv.Embedded;

/// <summary>Views of the store in which all keys and names have a prefix: one for each tenant or module, for example.</summary>
public static class KeyPrefixExtensions
{
    /// <summary>
    /// The keys that start with a prefix, as a store of their own: keys, scans, watches, views and transactions take and return keys
    /// without the prefix, and reach no other key.
    /// </summary>
    /// <param name="kv">The store.</param>
    /// <param name="prefix">For example <c>tenant/</c>; not empty. It counts towards <see cref="RaftKvOptions.MaxKeyBytes"/>.</param>
    /// <remarks>
    /// Locks of the prefix (<see cref="WithKeyPrefix(IRaftKvCoordination, string)"/>) have their keys below <c>.locks/</c> in the view,
    /// like locks of the whole store, so that <see cref="KvLock.StillHeld"/> is a condition for transactions of the view. A range that
    /// begins in <c>.locks/</c> has only these keys; all other ranges do not have them.
    /// </remarks>
    /// <exception cref="ArgumentException">The prefix is empty or not valid Unicode.</exception>
    public static IDistributedKv WithKeyPrefix(this IDistributedKv kv, string prefix) => new PrefixedKv(kv, new KeyPrefix(prefix));

    /// <summary>
    /// Leases as seen through a prefix: a lease shows only its keys that start with the prefix, without the prefix.
    /// <see cref="IRaftKvLeases.ListAsync"/> returns the leases that have such a key.
    /// </summary>
    /// <param name="leases">The leases of the whole store.</param>
    /// <param name="prefix">As for <see cref="WithKeyPrefix(IDistributedKv, string)"/>.</param>
    /// <remarks>Ids of leases are those of the whole store: a lease can be read and revoked by its id through any prefix.</remarks>
    /// <exception cref="ArgumentException">The prefix is empty or not valid Unicode.</exception>
    public static IRaftKvLeases WithKeyPrefix(this IRaftKvLeases leases, string prefix) =>
        new PrefixedLeases(leases, new KeyPrefix(prefix));

    /// <summary>
    /// Locks, leaderships and ephemeral keys as seen through a prefix: <c>report</c> in <c>a/</c> and <c>report</c> in <c>b/</c> are two
    /// locks.
    /// </summary>
    /// <param name="coordination">The coordination of the whole store.</param>
    /// <param name="prefix">As for <see cref="WithKeyPrefix(IDistributedKv, string)"/>.</param>
    /// <exception cref="ArgumentException">The prefix is empty or not valid Unicode.</exception>
    public static IRaftKvCoordination WithKeyPrefix(this IRaftKvCoordination coordination, string prefix) =>
        new PrefixedCoordination(coordination, new KeyPrefix(prefix));
}
