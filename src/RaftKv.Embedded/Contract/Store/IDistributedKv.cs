namespace RaftKv.Embedded;

/// <summary>
/// The replicated key-value store. Any node takes any call: a write is forwarded to the leader, a linearizable read asks the leader only
/// for an index and then reads this node's own copy.
/// </summary>
/// <remarks>
/// <para>Keys are UTF-8 strings compared ordinally, byte by byte; values are opaque bytes. Limits are set by
/// <see cref="RaftKvOptions.MaxKeyBytes"/> and <see cref="RaftKvOptions.MaxValueBytes"/>, and are checked before anything is sent.</para>
/// <para>Errors say what happened to the call: <see cref="RaftKvException.Outcome"/> is <see cref="KvOutcome.NotApplied"/> when it is
/// certain that nothing was written and a retry is safe, and <see cref="KvOutcome.Unknown"/> when the write may still take effect.</para>
/// <para>Cancelling a call stops the wait, not the write: a write that has been sent may still be committed.</para>
/// <para>An implementation of your own, for example a fake for a test, needs <see cref="GetAsync"/>, <see cref="SetAsync"/>,
/// <see cref="DeleteAsync"/>, <see cref="CommitAsync"/>, <see cref="ScanPageAsync"/> and <see cref="WatchAsync"/>. The interface implements
/// all other members on top of these; the product overrides them. To change some calls of another implementation, derive from
/// <see cref="DelegatingDistributedKv"/>.</para>
/// </remarks>
public interface IDistributedKv
{
    /// <summary>Reads one key. Linearizable unless <paramref name="options"/> ask for less.</summary>
    /// <param name="key">The key, 1 to <see cref="RaftKvOptions.MaxKeyBytes"/> bytes of UTF-8.</param>
    /// <param name="options">The consistency asked for; <c>default</c> is linearizable.</param>
    /// <param name="cancellationToken">Stops the wait.</param>
    /// <returns>The value with its versions, or <see cref="KvGetResult.Found"/> = <c>false</c>. A missing key is not an error.</returns>
    /// <exception cref="ArgumentException">The key is empty or not valid Unicode.</exception>
    /// <exception cref="RaftKvLimitExceededException">The key is too long.</exception>
    /// <exception cref="RaftKvUnavailableException">No quorum answered within <see cref="RaftKvOptions.RequestTimeout"/>.</exception>
    ValueTask<KvGetResult> GetAsync(string key, KvReadOptions options = default, CancellationToken cancellationToken = default);

    /// <summary>Reads several keys as of one version. Linearizable unless <paramref name="options"/> ask for less.</summary>
    /// <param name="keys">At most <see cref="KvTransaction.MaxOperations"/>, in any order.</param>
    /// <param name="options">The consistency asked for; <c>default</c> is linearizable.</param>
    /// <param name="cancellationToken">Stops the wait.</param>
    /// <returns>
    /// One result for each of the keys, also for those that do not exist; all have the same <see cref="KvGetResult.ReadAt"/>.
    /// </returns>
    /// <exception cref="ArgumentException">A key is empty or not valid Unicode, or there are too many.</exception>
    /// <exception cref="RaftKvLimitExceededException">A key is too long.</exception>
    /// <exception cref="RaftKvUnavailableException">No quorum answered within <see cref="RaftKvOptions.RequestTimeout"/>.</exception>
    /// <exception cref="RaftKvCompactedException">As for <see cref="ScanAsync"/>.</exception>
    ValueTask<IReadOnlyDictionary<string, KvGetResult>> GetManyAsync(IEnumerable<string> keys, KvReadOptions options = default,
        CancellationToken cancellationToken = default) => TransactionalReads.GetManyAsync(this, keys, cancellationToken);

    /// <summary>
    /// Stores one value. When the call returns, the write is on the disks of a quorum and applied on this node, so this node's own stale
    /// reads already see it.
    /// </summary>
    /// <param name="key">The key, 1 to <see cref="RaftKvOptions.MaxKeyBytes"/> bytes of UTF-8.</param>
    /// <param name="value">The value, 0 to <see cref="RaftKvOptions.MaxValueBytes"/> bytes. It is copied before the method returns.</param>
    /// <param name="options">A condition on the key's current state, and the lifetime of the key; <c>default</c> writes always.</param>
    /// <param name="cancellationToken">Stops the wait; the write may still happen.</param>
    /// <returns>The new version, or <see cref="KvWriteResult.Applied"/> = <c>false</c> when the condition did not hold.</returns>
    /// <exception cref="ArgumentException">The key is empty or not valid Unicode, or the options contradict each other.</exception>
    /// <exception cref="RaftKvLimitExceededException">The key or the value is too long.</exception>
    /// <exception cref="RaftKvReservedKeyException">The key is reserved for the library. Nothing was written.</exception>
    /// <exception cref="RaftKvLeaseException">
    /// The lease of the options does not exist, or has too many keys. Nothing was written.
    /// </exception>
    /// <exception cref="RaftKvUnavailableException">
    /// The write was not applied: no leader or quorum within <see cref="RaftKvOptions.RequestTimeout"/>, or this node is overloaded or
    /// stopping.
    /// </exception>
    /// <exception cref="RaftKvOutcomeUnknownException">
    /// The write left this node but no answer came; it may or may not take effect.
    /// </exception>
    ValueTask<KvWriteResult> SetAsync(string key, ReadOnlyMemory<byte> value, KvSetOptions options = default,
        CancellationToken cancellationToken = default);

    /// <summary>
    /// Deletes one key. Deleting a key that does not exist is not an error: <see cref="KvWriteResult.Applied"/> is <c>false</c>.
    /// </summary>
    /// <param name="key">The key, 1 to <see cref="RaftKvOptions.MaxKeyBytes"/> bytes of UTF-8.</param>
    /// <param name="options">A condition on the key's current state; <c>default</c> deletes always.</param>
    /// <param name="cancellationToken">Stops the wait; the delete may still happen.</param>
    /// <returns>
    /// The version of the deletion, or <see cref="KvWriteResult.Applied"/> = <c>false</c> when the key did not exist or the condition did
    /// not hold.
    /// </returns>
    /// <exception cref="ArgumentException">The key is empty or not valid Unicode.</exception>
    /// <exception cref="RaftKvLimitExceededException">The key is too long.</exception>
    /// <exception cref="RaftKvReservedKeyException">The key is reserved for the library. Nothing was deleted.</exception>
    /// <exception cref="RaftKvUnavailableException">The delete was not applied.</exception>
    /// <exception cref="RaftKvOutcomeUnknownException">
    /// The delete left this node but no answer came; it may or may not take effect.
    /// </exception>
    ValueTask<KvWriteResult> DeleteAsync(string key, KvDeleteOptions options = default, CancellationToken cancellationToken = default);

    /// <summary>
    /// Checks conditions and carries out one of two lists of operations, in one step: the whole list under one version, or nothing. When
    /// the call returns, the transaction is on the disks of a quorum and applied on this node. A retry inside the library never carries it
    /// out twice.
    /// </summary>
    /// <param name="transaction">
    /// Conditions and operations. Encoded before the method returns, so it and its values may be changed and used again.
    /// </param>
    /// <param name="cancellationToken">Stops the wait; the transaction may still happen.</param>
    /// <returns>Which branch was carried out, and the results of its operations, in their order.</returns>
    /// <exception cref="ArgumentException">A key is empty or not valid Unicode.</exception>
    /// <exception cref="RaftKvReservedKeyException">It writes or deletes keys of the library. Nothing was written.</exception>
    /// <exception cref="RaftKvLimitExceededException">
    /// A key, a value or the transaction (<see cref="RaftKvOptions.MaxTransactionBytes"/>) is too large.
    /// </exception>
    /// <exception cref="RaftKvLeaseException">A lease of its options does not exist, or has too many keys. Nothing was written.</exception>
    /// <exception cref="RaftKvTransactionException">
    /// The transaction cannot be carried out, see <see cref="RaftKvTransactionException.Error"/>. Nothing was written.
    /// </exception>
    /// <exception cref="RaftKvUnavailableException">The transaction was not carried out.</exception>
    /// <exception cref="RaftKvOutcomeUnknownException">
    /// The transaction left this node but no answer came; it may or may not take effect.
    /// </exception>
    ValueTask<KvTransactionResult> CommitAsync(KvTransaction transaction, CancellationToken cancellationToken = default);

    /// <summary>
    /// Reads this node's own copy without copying the value: <paramref name="read"/> runs on the caller's thread over the store's own
    /// memory. Never waits for a leader and never leaves this process; as fresh as <see cref="KvConsistency.Stale"/>.
    /// </summary>
    /// <param name="key">The key, 1 to <see cref="RaftKvOptions.MaxKeyBytes"/> bytes of UTF-8.</param>
    /// <param name="state">Passed to <paramref name="read"/>, so that the delegate need not capture variables.</param>
    /// <param name="read">Must be short, must not block or call the store, and must not keep the span.</param>
    /// <param name="result">What <paramref name="read"/> returned; <c>default</c> when the key is absent.</param>
    /// <returns><c>true</c> when the key exists on this node.</returns>
    /// <exception cref="ArgumentException">The key is empty or not valid Unicode.</exception>
    /// <exception cref="RaftKvLimitExceededException">The key is too long.</exception>
    /// <exception cref="RaftKvUnavailableException">
    /// This node's copy cannot be read now: the node is still opening its data, or has not caught up since its start, or its copy is being
    /// replaced.
    /// </exception>
    bool TryRead<TState, TResult>(string key, TState state, KvReader<TState, TResult> read, out TResult? result)
    {
        ArgumentNullException.ThrowIfNull(read);
        var get = GetAsync(key, KvReadOptions.Stale);
        // A stale read waits for nothing, so that this does not block.
        var found = get.IsCompleted ? get.GetAwaiter().GetResult() : get.AsTask().GetAwaiter().GetResult();
        result = found.Found ? read(found.Value.Span, found.Version, state) : default;
        return found.Found;
    }

    /// <summary>
    /// As fresh as <see cref="GetAsync"/> with the same options, and without a copy of the value: <paramref name="read"/> runs over the
    /// store's own memory, on the caller's thread if no wait is needed, otherwise on a thread of the pool. Allocates nothing when the node
    /// may answer at once, for example under a <see cref="KvConsistency.LeaderLease"/> that it holds.
    /// </summary>
    /// <param name="key">The key, 1 to <see cref="RaftKvOptions.MaxKeyBytes"/> bytes of UTF-8.</param>
    /// <param name="state">Passed to <paramref name="read"/>, so that the delegate need not capture variables.</param>
    /// <param name="read">
    /// Must be short, must not block or call the store, and must not keep the span. Not called when the key is absent.
    /// </param>
    /// <param name="options">How fresh the answer must be; <c>default</c> is linearizable.</param>
    /// <param name="cancellationToken">Stops the wait.</param>
    /// <returns>Whether the key exists, and what <paramref name="read"/> returned.</returns>
    /// <exception cref="ArgumentException">The key is empty or not valid Unicode.</exception>
    /// <exception cref="RaftKvLimitExceededException">The key is too long.</exception>
    /// <exception cref="RaftKvUnavailableException">No quorum answered within <see cref="RaftKvOptions.RequestTimeout"/>.</exception>
    async ValueTask<KvReadResult<TResult>> ReadAsync<TState, TResult>(string key, TState state, KvReader<TState, TResult> read,
        KvReadOptions options = default, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(read);
        var found = await GetAsync(key, options, cancellationToken).ConfigureAwait(false);
        return found.Found ? new KvReadResult<TResult>(true, read(found.Value.Span, found.Version, state)) : default;
    }

    /// <summary>
    /// Lists keys in UTF-8 ordinal order, optionally with their values: all of them as they were at one version, however long it takes.
    /// </summary>
    /// <param name="range">Which keys.</param>
    /// <param name="options">Consistency, limit, keys only; <c>default</c> is a linearizable scan of everything in the range.</param>
    /// <param name="cancellationToken">Ends the enumeration.</param>
    /// <exception cref="ArgumentException">A bound of the range is not valid Unicode.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The limit or the version is negative.</exception>
    /// <exception cref="RaftKvLimitExceededException">A bound of the range is too long.</exception>
    /// <exception cref="RaftKvUnavailableException">No quorum answered within <see cref="RaftKvOptions.RequestTimeout"/>.</exception>
    /// <exception cref="RaftKvCompactedException">
    /// During the scan, more than <see cref="RaftKvOptions.ScanRetentionBytes"/> were overwritten, or this node received a snapshot from
    /// the leader. The returned entries are right; the rest of that version is gone.
    /// </exception>
    IAsyncEnumerable<KvEntry> ScanAsync(KvKeyRange range, KvScanOptions options = default, CancellationToken cancellationToken = default)
        => PagedScans.ScanAsync(this, range, options, cancellationToken);

    /// <summary>
    /// One page of a scan. With <see cref="KvScanPage.Next"/> and <see cref="KvScanPage.Version"/> in the options, within 30 seconds and on
    /// the same node, the next call continues the scan in the same version.
    /// </summary>
    /// <param name="range">Which keys.</param>
    /// <param name="options">
    /// As for <see cref="ScanAsync"/>; without a limit a page has 1,000 entries. It may have fewer: it ends after about 4 MiB.
    /// </param>
    /// <param name="cancellationToken">Stops the wait.</param>
    /// <exception cref="ArgumentException">A bound of the range is not valid Unicode.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The limit or a version is negative.</exception>
    /// <exception cref="RaftKvLimitExceededException">A bound of the range is too long.</exception>
    /// <exception cref="RaftKvUnavailableException">No quorum answered within <see cref="RaftKvOptions.RequestTimeout"/>.</exception>
    /// <exception cref="RaftKvCompactedException">
    /// This node does not hold the requested version any more: begin again without it.
    /// </exception>
    ValueTask<KvScanPage> ScanPageAsync(KvKeyRange range, KvScanOptions options = default, CancellationToken cancellationToken = default);

    /// <summary>Counts keys. It reads them one by one, without their values.</summary>
    /// <param name="range">Which keys.</param>
    /// <param name="options">The consistency asked for; <c>default</c> is linearizable.</param>
    /// <param name="cancellationToken">Stops the count.</param>
    /// <exception cref="RaftKvCompactedException">As for <see cref="ScanAsync"/>.</exception>
    ValueTask<long> CountAsync(KvKeyRange range, KvReadOptions options = default, CancellationToken cancellationToken = default) =>
        PagedScans.CountAsync(this, range, options, cancellationToken);

    /// <summary>
    /// Lists the direct children of a prefix, as in a directory: keys without another delimiter, and one group for all keys that share the
    /// part up to the next delimiter. The keys of a group are skipped, not read one by one.
    /// </summary>
    /// <param name="prefix">For example <c>"orders/"</c>; empty for the top.</param>
    /// <param name="delimiter">An ASCII character.</param>
    /// <param name="options">The consistency asked for; <c>default</c> is linearizable.</param>
    /// <param name="after">
    /// Lists only the children after this one: pass the <see cref="KvChild.Name"/> of the last child of the page before. The keys before it
    /// are not read. <c>null</c>, the default, is all.
    /// </param>
    /// <param name="cancellationToken">Ends the enumeration.</param>
    /// <exception cref="ArgumentOutOfRangeException">The delimiter is not ASCII.</exception>
    /// <exception cref="RaftKvCompactedException">As for <see cref="ScanAsync"/>.</exception>
    IAsyncEnumerable<KvChild> ListChildrenAsync(
        string prefix, char delimiter = '/', KvReadOptions options = default, string? after = null,
            CancellationToken cancellationToken = default) =>
        PagedScans.ListChildrenAsync(this, prefix, delimiter, options, after, cancellationToken);

    /// <summary>
    /// Yields every change of the keys in a range, in the order of the log, from this node's own copy: without a gap and without a
    /// duplicate, also across changes of the leader. A transaction is yielded as a whole; see <see cref="KvEvent.EndsVersion"/>. Each
    /// enumeration is a separate watch, which begins with its first step.
    /// </summary>
    /// <param name="range">Which keys; for one, <see cref="KvKeyRange.Exactly"/>.</param>
    /// <param name="options">Where to begin; <c>default</c> is the next change.</param>
    /// <param name="cancellationToken">Ends the watch.</param>
    /// <exception cref="ArgumentException">A bound of the range is not valid Unicode, or the options contradict each other.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    /// <exception cref="NotSupportedException">
    /// <see cref="KvWatchOptions.PreviousValues"/> is asked for, and this node does not keep them
    /// (<see cref="RaftKvOptions.WatchPreviousValues"/>). Thrown by the call, before a watch begins.
    /// </exception>
    /// <exception cref="RaftKvLimitExceededException">A bound of the range is too long.</exception>
    /// <exception cref="RaftKvCompactedException">
    /// This node does not hold the next change any more: the version is too old, the watcher too slow, or the node received a snapshot from
    /// the leader. Begin again with <see cref="KvWatchOptions.InitialState"/>.
    /// </exception>
    /// <exception cref="RaftKvUnavailableException">
    /// The host begins to stop, this node is faulted or was removed, or no quorum answered for a fresh initial state. A watch on another
    /// node can continue from the next version.
    /// </exception>
    IAsyncEnumerable<KvEvent> WatchAsync(KvKeyRange range, KvWatchOptions options = default, CancellationToken cancellationToken = default);
}
