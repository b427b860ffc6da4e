namespace RaftKv.Embedded;

/// <summary>Common transactions, in one call each. Errors are those of <see cref="IDistributedKv.CommitAsync"/>.</summary>
public static class DistributedKvTransactionExtensions
{
    /// <summary>
    /// Replaces a value if it is equal to the expected one, byte by byte. A key that does not exist is equal to no value, not even an empty
    /// one.
    /// </summary>
    /// <returns>The new version, or <see cref="KvWriteResult.Applied"/> = <c>false</c> with the key's current version.</returns>
    public static async ValueTask<KvWriteResult> CompareAndSwapAsync(this IDistributedKv kv, string key, ReadOnlyMemory<byte> expected,
        ReadOnlyMemory<byte> value, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(kv);
        var swap = new KvTransaction().If(KvCompare.Value(key, KvRelation.Equal, expected));
        swap.Then.Set(key, value);
        swap.Else.Get(key);
        var result = await kv.CommitAsync(swap, cancellationToken).ConfigureAwait(false);
        if (result.Succeeded)
            return new KvWriteResult(true, result.Version);
        if (result.HasResults)
            return new KvWriteResult(false, result.Results[0].Read.Version);
        return new KvWriteResult(false, (await kv.GetAsync(key, default, cancellationToken).ConfigureAwait(false)).Version);
    }

    /// <summary>
    /// Adds to a number and returns the sum. The addition is made when the entry is applied, so concurrent increments are all counted. The
    /// value is the number's decimal text in UTF-8; a key that does not exist is 0. The key keeps its time to live, sliding expiry and
    /// lease.
    /// </summary>
    /// <exception cref="RaftKvTransactionException">
    /// The value is not a number, or the sum leaves the range of an <see cref="long"/>. Nothing was written.
    /// </exception>
    /// <exception cref="RaftKvOutcomeUnknownException">
    /// No answer came; or the increment was applied once, but its result was lost and not kept
    /// (<see cref="KvTransactionResult.HasResults"/>).
    /// </exception>
    public static ValueTask<long> IncrementAsync(this IDistributedKv kv, string key, long delta = 1,
        CancellationToken cancellationToken = default) =>
        kv.IncrementAsync(key, delta, default, cancellationToken);

    /// <summary>
    /// As <see cref="IncrementAsync(IDistributedKv, string, long, CancellationToken)"/>, with the initial value and lifetime of a key that
    /// does not exist.
    /// </summary>
    /// <param name="kv">The store.</param>
    /// <param name="key">The key.</param>
    /// <param name="delta">What is added.</param>
    /// <param name="options">
    /// The initial value and the lifetime of a key that the increment creates. They do not change a key that exists.
    /// </param>
    /// <param name="cancellationToken">Stops the wait; the increment may still be applied.</param>
    /// <returns>The sum.</returns>
    /// <exception cref="ArgumentException">The options contradict each other.</exception>
    /// <exception cref="RaftKvTransactionException">
    /// The value is not a number, or the sum leaves the range of an <see cref="long"/>. Nothing was written.
    /// </exception>
    /// <exception cref="RaftKvLeaseException">
    /// The key does not exist, and the lease of the options has ended or has too many keys. Nothing was written.
    /// </exception>
    /// <exception cref="RaftKvOutcomeUnknownException">
    /// No answer came; or the increment was applied once, but its result was lost and not kept
    /// (<see cref="KvTransactionResult.HasResults"/>).
    /// </exception>
    public static async ValueTask<long> IncrementAsync(
        this IDistributedKv kv, string key, long delta, KvIncrementOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(kv);
        var increment = new KvTransaction();
        increment.Then.Increment(key, delta, options);
        var result = await kv.CommitAsync(increment, cancellationToken).ConfigureAwait(false);
        return result.HasResults
            ? result.Results[0].Number
            : throw new RaftKvOutcomeUnknownException($"The increment was applied at version {result.Version}, but its result was "
                + "lost and not kept for a retry. Read the key; do not repeat the call.");
    }

    /// <summary>Stores several values in one step: all of them or none, under one version.</summary>
    /// <param name="kv">The store.</param>
    /// <param name="values">At most <see cref="KvTransaction.MaxOperations"/>, each key once.</param>
    /// <param name="cancellationToken">Stops the wait; the writes may still happen.</param>
    /// <returns>The version of all of them.</returns>
    public static async ValueTask<KvWriteResult> SetManyAsync(this IDistributedKv kv,
        IEnumerable<KeyValuePair<string, ReadOnlyMemory<byte>>> values, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(kv);
        ArgumentNullException.ThrowIfNull(values);
        var batch = new KvTransaction();
        foreach (var (key, value) in values)
            batch.Then.Set(key, value);
        var result = await kv.CommitAsync(batch, cancellationToken).ConfigureAwait(false);
        return new KvWriteResult(true, result.Version);
    }
}
