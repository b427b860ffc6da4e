namespace RaftKv.Embedded;

/// <summary>
/// The replicated key-value store. Any node takes any call: a write is forwarded to the leader, a linearizable read asks the
/// leader only for an index and then reads this node's own copy.
/// </summary>
/// <remarks>
/// <para>Keys are UTF-8 strings compared ordinally, byte by byte; values are opaque bytes. Limits are set by
/// <see cref="RaftKvOptions.MaxKeyBytes"/> and <see cref="RaftKvOptions.MaxValueBytes"/>, and are checked before anything is sent.</para>
/// <para>Errors say what happened to the call: <see cref="RaftKvException.Outcome"/> is <see cref="KvOutcome.NotApplied"/> when it is
/// certain that nothing was written and a retry is safe, and <see cref="KvOutcome.Unknown"/> when the write may still take effect.</para>
/// <para>Cancelling a call stops the wait, not the write: a write that has left this method may still be committed.</para>
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

    /// <summary>
    /// Stores one value. When the call returns, the write is on the disks of a quorum and applied on this node, so this node's own
    /// stale reads already see it.
    /// </summary>
    /// <param name="key">The key, 1 to <see cref="RaftKvOptions.MaxKeyBytes"/> bytes of UTF-8.</param>
    /// <param name="value">The value, 0 to <see cref="RaftKvOptions.MaxValueBytes"/> bytes. It is copied before the method returns.</param>
    /// <param name="options">A condition on the key's current state; <c>default</c> writes always.</param>
    /// <param name="cancellationToken">Stops the wait; the write may still happen.</param>
    /// <returns>The new version, or <see cref="KvWriteResult.Applied"/> = <c>false</c> when the condition did not hold.</returns>
    /// <exception cref="ArgumentException">The key is empty or not valid Unicode.</exception>
    /// <exception cref="RaftKvLimitExceededException">The key or the value is too long.</exception>
    /// <exception cref="RaftKvUnavailableException">The write was not applied: no leader or quorum within <see cref="RaftKvOptions.RequestTimeout"/>, or this node is overloaded or stopping.</exception>
    /// <exception cref="RaftKvOutcomeUnknownException">The write left this node but no answer came; it may or may not take effect.</exception>
    ValueTask<KvWriteResult> SetAsync(string key, ReadOnlyMemory<byte> value, KvSetOptions options = default, CancellationToken cancellationToken = default);

    /// <summary>Deletes one key. Deleting a key that does not exist is not an error: the result says <see cref="KvWriteResult.Applied"/> = <c>false</c>.</summary>
    /// <param name="key">The key, 1 to <see cref="RaftKvOptions.MaxKeyBytes"/> bytes of UTF-8.</param>
    /// <param name="when">A condition on the key's current state; <c>default</c> deletes always.</param>
    /// <param name="cancellationToken">Stops the wait; the delete may still happen.</param>
    /// <returns>The version of the deletion, or <see cref="KvWriteResult.Applied"/> = <c>false</c> when there was nothing to delete or the condition did not hold.</returns>
    /// <exception cref="ArgumentException">The key is empty or not valid Unicode.</exception>
    /// <exception cref="RaftKvUnavailableException">The delete was not applied.</exception>
    /// <exception cref="RaftKvOutcomeUnknownException">The delete left this node but no answer came; it may or may not take effect.</exception>
    ValueTask<KvWriteResult> DeleteAsync(string key, KvCondition when = default, CancellationToken cancellationToken = default);

    /// <summary>
    /// Reads this node's own copy without copying the value: <paramref name="read"/> runs on the caller's thread over the store's
    /// own memory. Never waits for a leader and never leaves this process; as fresh as <see cref="KvConsistency.Stale"/>.
    /// </summary>
    /// <param name="key">The key, 1 to <see cref="RaftKvOptions.MaxKeyBytes"/> bytes of UTF-8.</param>
    /// <param name="state">Passed through to <paramref name="read"/>, so that it need not capture.</param>
    /// <param name="read">Must be short, must not block or call the store, and must not keep the span.</param>
    /// <param name="result">What <paramref name="read"/> returned; <c>default</c> when the key is absent.</param>
    /// <returns><c>true</c> when the key exists on this node.</returns>
    bool TryRead<TState, TResult>(string key, TState state, KvReader<TState, TResult> read, out TResult? result);

    /// <summary>Lists keys in UTF-8 ordinal order, optionally with their values.</summary>
    /// <param name="range">Which keys.</param>
    /// <param name="options">Consistency, limit, keys only; <c>default</c> is a linearizable scan of everything in the range.</param>
    /// <param name="cancellationToken">Ends the enumeration.</param>
    /// <returns>
    /// Entries at least as new as the start of the scan. The scan is not a snapshot: a key written while it runs may be seen at its
    /// newer version, a key created or deleted meanwhile may or may not appear.
    /// </returns>
    IAsyncEnumerable<KvEntry> ScanAsync(KvKeyRange range, KvScanOptions options = default, CancellationToken cancellationToken = default);
}
