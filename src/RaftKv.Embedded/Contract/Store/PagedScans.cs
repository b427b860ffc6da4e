using System.Runtime.CompilerServices;

namespace RaftKv.Embedded;

/// <summary>Scans, counts and directories on top of <see cref="IDistributedKv.ScanPageAsync"/>.</summary>
internal static class PagedScans
{
    private const int PageEntries = 1000;

    public static async IAsyncEnumerable<KvEntry> ScanAsync(
        IDistributedKv kv, KvKeyRange range, KvScanOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(options.Limit);
        var left = options.Limit == 0 ? int.MaxValue : options.Limit;
        while (left > 0)
        {
            var page = await kv.ScanPageAsync(range, options with { Limit = Math.Min(left, PageEntries) }, cancellationToken)
                .ConfigureAwait(false);
            foreach (var entry in page.Entries)
            {
                cancellationToken.ThrowIfCancellationRequested();
                yield return entry;
            }
            if (page.Next is null)
                yield break;
            left -= page.Entries.Count;
            options = options with { After = page.Next, AtVersion = page.Version };
        }
    }

    public static async ValueTask<long> CountAsync(
        IDistributedKv kv, KvKeyRange range, KvReadOptions options, CancellationToken cancellationToken)
    {
        var count = 0L;
        await foreach (var _ in ScanAsync(kv, range, KeysOnly(options), cancellationToken).ConfigureAwait(false))
            count++;
        return count;
    }

    public static async IAsyncEnumerable<KvChild> ListChildrenAsync(IDistributedKv kv, string prefix, char delimiter, KvReadOptions options,
        string? after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        if (!char.IsAscii(delimiter))
            throw new ArgumentOutOfRangeException(nameof(delimiter), delimiter, "The delimiter must be an ASCII character.");
        string? group = null;
        // The keys of a group come after its name in the order; a group that was listed already must not be listed again.
        var listed = after is not null && after.EndsWith(delimiter) && after.Length > prefix.Length ? after : null;
        var keys = ScanAsync(kv, KvKeyRange.StartingWith(prefix), KeysOnly(options) with { After = after }, cancellationToken);
        await foreach (var entry in keys.ConfigureAwait(false))
        {
            if ((group is not null && entry.Key.StartsWith(group, StringComparison.Ordinal))
                || (listed is not null && entry.Key.StartsWith(listed, StringComparison.Ordinal)))
            {
                continue;
            }
            var end = entry.Key.IndexOf(delimiter, prefix.Length);
            group = end < 0 ? null : entry.Key[..(end + 1)];
            yield return new KvChild { Name = group ?? entry.Key, IsGroup = end >= 0 };
        }
    }

    private static KvScanOptions KeysOnly(KvReadOptions options) => new()
    {
        Consistency = options.Consistency,
        MinVersion = options.MinVersion,
        MaxAge = options.MaxAge,
        StaleWithoutLeader = options.StaleWithoutLeader,
        KeysOnly = true,
    };
}
