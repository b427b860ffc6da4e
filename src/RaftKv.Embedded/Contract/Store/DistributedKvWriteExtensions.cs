using System.Buffers;

namespace RaftKv.Embedded;

/// <summary>Common writes, in one call each. Errors are those of the underlying calls.</summary>
public static class DistributedKvWriteExtensions
{
    /// <summary>As <see cref="IDistributedKv.SetAsync"/>, from a span: <c>SetAsync("greeting", "hello"u8)</c>.</summary>
    public static ValueTask<KvWriteResult> SetAsync(this IDistributedKv kv, string key, ReadOnlySpan<byte> value,
        KvSetOptions options = default, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(kv);
        var bytes = ArrayPool<byte>.Shared.Rent(value.Length);
        try
        {
            value.CopyTo(bytes);
            // A set copies the value before it returns.
            return kv.SetAsync(key, bytes.AsMemory(0, value.Length), options, cancellationToken);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    /// <summary>As <see cref="DistributedKvTypedExtensions.SetStringAsync"/>: stores text as UTF-8.</summary>
    public static ValueTask<KvWriteResult> SetAsync(this IDistributedKv kv, string key, string value, KvSetOptions options = default,
        CancellationToken cancellationToken = default) => kv.SetStringAsync(key, value, options, cancellationToken);

    /// <summary>Stores a value if the key does not exist.</summary>
    /// <param name="kv">The store.</param>
    /// <param name="key">The key.</param>
    /// <param name="value">The value.</param>
    /// <param name="options">The lifetime of the key; without a condition.</param>
    /// <param name="cancellationToken">Stops the wait; the write may still happen.</param>
    /// <returns>
    /// The new version, or <see cref="KvWriteResult.Applied"/> = <c>false</c> with the current version of the existing key.
    /// </returns>
    public static ValueTask<KvWriteResult> TryCreateAsync(this IDistributedKv kv, string key, ReadOnlyMemory<byte> value,
        KvSetOptions options = default, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(kv);
        return kv.SetAsync(key, value, Unconditional(options) with { When = KvCondition.NotExists }, cancellationToken);
    }

    /// <summary>Stores a value if the key still has the expected version. The key keeps its lifetime and lease.</summary>
    /// <param name="kv">The store.</param>
    /// <param name="key">The key.</param>
    /// <param name="value">The value.</param>
    /// <param name="expectedVersion">The version that was read; <see cref="KvVersion.None"/> for a key that did not exist.</param>
    /// <param name="cancellationToken">Stops the wait; the write may still happen.</param>
    /// <returns>The new version, or <see cref="KvWriteResult.Applied"/> = <c>false</c> with the key's current version.</returns>
    public static ValueTask<KvWriteResult> TryUpdateAsync(this IDistributedKv kv, string key, ReadOnlyMemory<byte> value,
        KvVersion expectedVersion, CancellationToken cancellationToken = default) =>
        kv.TryUpdateAsync(key, value, expectedVersion, new KvSetOptions { KeepLifetime = true }, cancellationToken);

    /// <summary>
    /// As <see cref="TryUpdateAsync(IDistributedKv, string, ReadOnlyMemory{byte}, KvVersion, CancellationToken)"/>, with another lifetime.
    /// </summary>
    /// <param name="kv">The store.</param>
    /// <param name="key">The key.</param>
    /// <param name="value">The value.</param>
    /// <param name="expectedVersion">The version that was read; <see cref="KvVersion.None"/> for a key that did not exist.</param>
    /// <param name="options">The lifetime of the key; without a condition.</param>
    /// <param name="cancellationToken">Stops the wait; the write may still happen.</param>
    /// <returns>The new version, or <see cref="KvWriteResult.Applied"/> = <c>false</c> with the key's current version.</returns>
    public static ValueTask<KvWriteResult> TryUpdateAsync(this IDistributedKv kv, string key, ReadOnlyMemory<byte> value,
        KvVersion expectedVersion, KvSetOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(kv);
        return kv.SetAsync(key, value, Unconditional(options) with { When = KvCondition.VersionIs(expectedVersion) }, cancellationToken);
    }

    /// <summary>Deletes a key if it still has the expected version.</summary>
    /// <param name="kv">The store.</param>
    /// <param name="key">The key.</param>
    /// <param name="expectedVersion">The version that was read.</param>
    /// <param name="cancellationToken">Stops the wait; the delete may still happen.</param>
    /// <returns>
    /// The version of the deletion, or <see cref="KvWriteResult.Applied"/> = <c>false</c> with the key's current version.
    /// </returns>
    public static ValueTask<KvWriteResult> TryDeleteAsync(this IDistributedKv kv, string key, KvVersion expectedVersion,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(kv);
        return kv.DeleteAsync(key, new KvDeleteOptions { When = KvCondition.VersionIs(expectedVersion) }, cancellationToken);
    }

    /// <summary>
    /// Reads a key, computes its next value and stores it if the key has not changed meanwhile; otherwise repeats this after a pause that
    /// grows, with at most 20 attempts. The key keeps its lifetime and lease.
    /// </summary>
    /// <param name="kv">The store.</param>
    /// <param name="key">The key.</param>
    /// <param name="next">
    /// Computes the next value from the current state; the key may not exist. Returns <c>null</c> to leave the key as it is. Called once
    /// for each attempt: it must have no other effect.
    /// </param>
    /// <param name="cancellationToken">Stops the wait; a write that was sent may still happen.</param>
    /// <returns>
    /// The new version, or <see cref="KvWriteResult.Applied"/> = <c>false</c> with the current version when <paramref name="next"/>
    /// returned <c>null</c>.
    /// </returns>
    /// <exception cref="RaftKvUnavailableException">
    /// Other writers changed the key during all attempts (<see cref="RaftKvUnavailableReason.Conflict"/>), or a call failed. Nothing was
    /// written.
    /// </exception>
    /// <exception cref="RaftKvOutcomeUnknownException">A write was sent and no answer came; it may or may not take effect.</exception>
    public static ValueTask<KvWriteResult> UpdateAsync(this IDistributedKv kv, string key,
        Func<KvGetResult, byte[]?> next, CancellationToken cancellationToken = default) =>
        kv.UpdateAsync(key, next, new KvSetOptions { KeepLifetime = true }, cancellationToken);

    /// <summary>
    /// As <see cref="UpdateAsync(IDistributedKv, string, Func{KvGetResult, byte[]}, CancellationToken)"/>, with another lifetime.
    /// </summary>
    /// <param name="kv">The store.</param>
    /// <param name="key">The key.</param>
    /// <param name="next">Computes the next value, or returns <c>null</c> to leave the key as it is.</param>
    /// <param name="options">The lifetime of the key; without a condition.</param>
    /// <param name="cancellationToken">Stops the wait; a write that was sent may still happen.</param>
    public static ValueTask<KvWriteResult> UpdateAsync(this IDistributedKv kv, string key,
        Func<KvGetResult, byte[]?> next, KvSetOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(kv);
        ArgumentNullException.ThrowIfNull(next);
        return OptimisticUpdate.RunAsync(kv, key, next, Unconditional(options), cancellationToken);
    }

    /// <summary>
    /// Deletes all keys that start with a prefix, in transactions of up to 1,000 keys each: the keys that exist when the call begins. A key
    /// that is written meanwhile may be deleted or stay. When the call fails, some of the keys are deleted, and the call may be repeated.
    /// </summary>
    /// <param name="kv">The store.</param>
    /// <param name="prefix">Not empty.</param>
    /// <param name="cancellationToken">Stops between two transactions.</param>
    /// <returns>How many keys were deleted.</returns>
    /// <exception cref="ArgumentException">The prefix is empty or not valid Unicode.</exception>
    /// <exception cref="RaftKvReservedKeyException">There are keys of the library below the prefix. These were not deleted.</exception>
    public static async ValueTask<long> DeletePrefixAsync(this IDistributedKv kv, string prefix,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(kv);
        ArgumentException.ThrowIfNullOrEmpty(prefix);
        var (deleted, scan) = (0L, new KvScanOptions { Limit = 1000, KeysOnly = true });
        while (true)
        {
            var page = await kv.ScanPageAsync(KvKeyRange.StartingWith(prefix), scan, cancellationToken).ConfigureAwait(false);
            if (page.Entries.Count > 0)
            {
                var delete = new KvTransaction();
                delete.Then.DeleteRange(KvKeyRange.Between(page.Entries[0].Key, page.Entries[^1].Key + "\0"));
                var answer = await kv.CommitAsync(delete, cancellationToken).ConfigureAwait(false);
                deleted += answer.HasResults ? answer.Results[0].Deleted : page.Entries.Count;
            }
            if (page.Next is null)
                return deleted;
            // Without AtVersion: the pages need not be of one version, and a pinned version would keep the deleted values in memory.
            scan = scan with { After = page.Next };
        }
    }

    private static KvSetOptions Unconditional(KvSetOptions options)
    {
        if (options.When != default)
        {
            throw new ArgumentException("The call has a condition of its own, so the options must have none. Nothing was sent.",
                nameof(options));
        }
        return options;
    }
}
