using System.Runtime.CompilerServices;

namespace RaftKv.Embedded;

/// <summary>The keys of a prefix as a store.</summary>
internal sealed class PrefixedKv(IDistributedKv inner, KeyPrefix prefix) : DelegatingDistributedKv(inner)
{
    public override ValueTask<KvGetResult> GetAsync(string key, KvReadOptions options = default,
        CancellationToken cancellationToken = default) => Inner.GetAsync(prefix.Outer(key), options, cancellationToken);

    public override async ValueTask<IReadOnlyDictionary<string, KvGetResult>> GetManyAsync(IEnumerable<string> keys,
        KvReadOptions options = default, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(keys);
        var results = await Inner.GetManyAsync(keys.Select(prefix.Outer), options, cancellationToken).ConfigureAwait(false);
        return results.ToDictionary(r => prefix.Inner(r.Key), r => r.Value, StringComparer.Ordinal);
    }

    public override ValueTask<KvWriteResult> SetAsync(string key, ReadOnlyMemory<byte> value, KvSetOptions options = default,
        CancellationToken cancellationToken = default) => Inner.SetAsync(prefix.Outer(key), value, options, cancellationToken);

    public override ValueTask<KvWriteResult> DeleteAsync(string key, KvDeleteOptions options = default,
        CancellationToken cancellationToken = default) => Inner.DeleteAsync(prefix.Outer(key), options, cancellationToken);

    public override async ValueTask<KvTransactionResult> CommitAsync(
        KvTransaction transaction, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        var outer = new KvTransaction();
        foreach (var compare in transaction.Compares)
        {
            outer.If(compare.Key is { } key
                ? compare with { Key = prefix.Outer(key) } : compare with { Range = prefix.Outer(compare.Range) });
        }
        Map(transaction.Then, outer.Then);
        Map(transaction.Else, outer.Else);
        var result = await Inner.CommitAsync(outer, cancellationToken).ConfigureAwait(false);
        var failed = result.FailedCompare is { Key: { } failedKey } at ? at with { Key = prefix.Inner(failedKey) } : result.FailedCompare;
        return result with { Results = [.. result.Results.Select(Map)], FailedCompare = failed };
    }

    public override bool TryRead<TState, TResult>(string key, TState state, KvReader<TState, TResult> read, out TResult? result)
        where TResult : default => Inner.TryRead(prefix.Outer(key), state, read, out result);

    public override ValueTask<KvReadResult<TResult>> ReadAsync<TState, TResult>(string key, TState state, KvReader<TState, TResult> read,
        KvReadOptions options = default, CancellationToken cancellationToken = default) =>
        Inner.ReadAsync(prefix.Outer(key), state, read, options, cancellationToken);

    public override IAsyncEnumerable<KvEntry> ScanAsync(KvKeyRange range, KvScanOptions options = default,
        CancellationToken cancellationToken = default) =>
        MapAsync(Inner.ScanAsync(prefix.Outer(range), Map(options), cancellationToken),
            static (entry, prefix) => entry with { Key = prefix.Inner(entry.Key) }, cancellationToken);

    public override async ValueTask<KvScanPage> ScanPageAsync(KvKeyRange range, KvScanOptions options = default,
        CancellationToken cancellationToken = default)
    {
        var page = await Inner.ScanPageAsync(prefix.Outer(range), Map(options), cancellationToken).ConfigureAwait(false);
        return page with
        {
            Entries = [.. page.Entries.Select(entry => entry with { Key = prefix.Inner(entry.Key) })],
            Next = page.Next is { } next ? prefix.Inner(next) : null,
        };
    }

    public override ValueTask<long> CountAsync(KvKeyRange range, KvReadOptions options = default,
        CancellationToken cancellationToken = default) => Inner.CountAsync(prefix.Outer(range), options, cancellationToken);

    public override IAsyncEnumerable<KvChild> ListChildrenAsync(string parent, char delimiter = '/', KvReadOptions options = default,
        string? after = null, CancellationToken cancellationToken = default) =>
        MapAsync(Inner.ListChildrenAsync(prefix.OuterPart(parent), delimiter, options, after is null ? null : prefix.OuterPart(after),
            cancellationToken), static (child, prefix) => child with { Name = prefix.Inner(child.Name) }, cancellationToken);

    public override IAsyncEnumerable<KvEvent> WatchAsync(KvKeyRange range, KvWatchOptions options = default,
        CancellationToken cancellationToken = default) =>
        MapAsync(Inner.WatchAsync(prefix.Outer(range), options, cancellationToken),
            static (change, prefix) => Map(change, prefix), cancellationToken);

    private static KvEvent Map(in KvEvent change, KeyPrefix prefix)
    {
        // Events without a key, such as Progress, have nothing to map.
        if (string.IsNullOrEmpty(change.Key))
            return change;
        var key = prefix.Inner(change.Key);
        return change with { Key = key, Previous = change.Previous is { } previous ? previous with { Key = key } : null };
    }

    private KvOperationResult Map(KvOperationResult result) => result.Key is { } key ? result with { Key = prefix.Inner(key) } : result;

    private void Map(KvTransactionBranch from, KvTransactionBranch to)
    {
        foreach (var operation in from.Operations)
        {
            to.Add(operation.Key is { } key
                ? operation with { Key = prefix.Outer(key) } : operation with { Range = prefix.Outer(operation.Range) });
        }
    }

    private KvScanOptions Map(KvScanOptions options) =>
        string.IsNullOrEmpty(options.After) ? options : options with { After = prefix.Outer(options.After) };

    private async IAsyncEnumerable<T> MapAsync<T>(
        IAsyncEnumerable<T> items, Func<T, KeyPrefix, T> map, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var item in items.WithCancellation(cancellationToken).ConfigureAwait(false))
            yield return map(item, prefix);
    }
}
