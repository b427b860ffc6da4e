using System.Runtime.CompilerServices;
using System.Text;
using RaftKv.Embedded.Diagnostics;
using RaftKv.Embedded.Node;
using RaftKv.Embedded.Watch;

namespace RaftKv.Embedded.Client;

/// <summary>Reads ranges of keys as of one version.</summary>
internal sealed class Scanner(ReplicaAccess access, RaftKvOptions options)
{
    private const int DefaultPageEntries = 1000;
    private const int MaxPageBytes = 4 * 1024 * 1024;

    private readonly IdleReadViews _idle = new();

    public IAsyncEnumerable<KvEntry> ScanAsync(KvKeyRange range, KvScanOptions scanOptions = default,
        CancellationToken cancellationToken = default)
    {
        Check(scanOptions);
        var keys = KeyRanges.Interval(range, access.Limits(options).MaxKeyBytes);
        return ScanAsync(keys, KeyRanges.Bytes(scanOptions.After, access.Limits(options).MaxKeyBytes), scanOptions, cancellationToken);
    }

    public async ValueTask<KvScanPage> ScanPageAsync(KvKeyRange range, KvScanOptions scanOptions = default,
        CancellationToken cancellationToken = default)
    {
        Check(scanOptions);
        var keys = KeyRanges.Interval(range, access.Limits(options).MaxKeyBytes);
        var host = await access.HostAsync(cancellationToken).ConfigureAwait(false);
        var view = await TakeViewAsync(host, scanOptions, cancellationToken).ConfigureAwait(false);
        try
        {
            var cursor = new ReadViewCursor(view, keys, KeyRanges.Bytes(scanOptions.After, access.Limits(options).MaxKeyBytes),
                scanOptions.KeysOnly, scanOptions.Descending);
            var page = ReadPage(host, cursor, view, scanOptions, cancellationToken);
            // After a page that is not the last one, the caller may ask for the next page in the same version.
            if (page.Next is not null)
                _idle.Keep(view, host.Clock.Provider);
            else
                view.Release();
            return page;
        }
        catch
        {
            view.Release();
            throw;
        }
    }

    public async ValueTask<long> CountAsync(KvKeyRange range, KvReadOptions readOptions = default,
        CancellationToken cancellationToken = default)
    {
        var keys = KeyRanges.Interval(range, access.Limits(options).MaxKeyBytes);
        var host = await access.HostAsync(cancellationToken).ConfigureAwait(false);
        await ReadFreshness.WaitUntilFreshAsync(host, readOptions, "count", cancellationToken).ConfigureAwait(false);
        using var view = await TakeViewAsync(host, cancellationToken).ConfigureAwait(false);
        var cursor = new ReadViewCursor(view, keys, [], keysOnly: true);
        var page = new List<ReadViewRecord>();
        var count = 0L;
        while (cursor.Next(int.MaxValue, page))
        {
            cancellationToken.ThrowIfCancellationRequested();
            count += page.Count;
        }
        return count;
    }

    public IAsyncEnumerable<KvChild> ListChildrenAsync(
        string prefix, char delimiter = '/', KvReadOptions readOptions = default, string? after = null,
            CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        if (!char.IsAscii(delimiter))
            throw new ArgumentOutOfRangeException(nameof(delimiter), delimiter, "The delimiter must be an ASCII character.");
        var maxKeyBytes = access.Limits(options).MaxKeyBytes;
        var within = KeyRanges.Bytes(prefix, maxKeyBytes);
        return ListChildrenAsync(within, Behind(within, KeyRanges.Bytes(after, maxKeyBytes), (byte)delimiter), (byte)delimiter, readOptions,
            cancellationToken);
    }

    /// <summary>Reads single keys as of one version.</summary>
    public async ValueTask<IReadOnlyDictionary<string, KvGetResult>> GetManyAsync(
        IEnumerable<string> keys, KvReadOptions readOptions, CancellationToken cancellationToken)
    {
        var asked = Encode(keys);
        var host = await access.HostAsync(cancellationToken).ConfigureAwait(false);
        var source = await ReadFreshness.WaitUntilFreshAsync(host, readOptions, "get", cancellationToken).ConfigureAwait(false);
        // Read before the records: the copy only becomes fresher.
        var age = source == ReadSource.WithoutLeader || readOptions.Consistency == KvConsistency.Stale ? host.Replica.Age : TimeSpan.Zero;
        using var view = await TakeViewAsync(host, cancellationToken).ConfigureAwait(false);
        var results = new Dictionary<string, KvGetResult>(asked.Count, StringComparer.Ordinal);
        foreach (var (key, name) in asked)
        {
            cancellationToken.ThrowIfCancellationRequested();
            results[key] = Read(host, view, name) with { ReadAt = new KvVersion(view.Version), Age = age };
        }
        return results;
    }

    /// <exception cref="ArgumentException">There are too many keys, or one of them is invalid.</exception>
    private Dictionary<string, byte[]> Encode(IEnumerable<string> keys)
    {
        ArgumentNullException.ThrowIfNull(keys);
        var limit = access.Limits(options).MaxKeyBytes;
        var names = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        foreach (var key in keys)
        {
            ArgumentException.ThrowIfNullOrEmpty(key, nameof(keys));
            names[key] = KeyRanges.Bytes(key, limit);
            if (names.Count > KvTransaction.MaxOperations)
            {
                throw new ArgumentException($"At most {KvTransaction.MaxOperations} keys are read at a time. Nothing was read.",
                    nameof(keys));
            }
        }
        return names;
    }

    private static KvGetResult Read(LocalReplica host, ReadView view, byte[] name)
    {
        var cursor = new ReadViewCursor(view, new KeyInterval(name, [.. name, 0]), [], keysOnly: false);
        var page = new List<ReadViewRecord>(1);
        while (cursor.Next(1, page))
        {
            if (page.Count == 0)
                continue;
            var (key, header, value) = page[0];
            if (header.RenewalMs != 0)
                host.Replica.RecordAccess(key, header.Version, header.ExpiresAtMs, header.RenewalMs);
            return header.ToResult(value) with { ExpiresAtMs = host.Replica.ToWallTime(header.ExpiresAtMs) };
        }
        return default;
    }

    private async IAsyncEnumerable<KvEntry> ScanAsync(KeyInterval keys, byte[] after, KvScanOptions asked,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var host = await access.HostAsync(cancellationToken).ConfigureAwait(false);
        using var view = await TakeViewAsync(host, asked, cancellationToken).ConfigureAwait(false);
        var cursor = new ReadViewCursor(view, keys, after, asked.KeysOnly, asked.Descending);
        var left = asked.Limit == 0 ? int.MaxValue : asked.Limit;
        var page = new List<ReadViewRecord>();
        while (left > 0 && cursor.Next(left, page))
        {
            foreach (var record in page)
            {
                cancellationToken.ThrowIfCancellationRequested();
                yield return Entry(host, record);
                if (asked.Limit != 0 && --left == 0)
                    break;
            }
        }
    }

    /// <summary>The first key after a child; for a group, the first key after all keys of the group.</summary>
    private static byte[] Behind(byte[] prefix, byte[] child, byte delimiter)
    {
        if (child.Length == 0)
            return prefix;
        var isGroup = child.Length > prefix.Length && child[^1] == delimiter;
        byte[] behind = isGroup ? KeyInterval.PastPrefix(child) : [.. child, 0];
        return behind.AsSpan().SequenceCompareTo(prefix) > 0 ? behind : prefix;
    }

    private async IAsyncEnumerable<KvChild> ListChildrenAsync(
        byte[] prefix, byte[] first, byte delimiter, KvReadOptions asked, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var host = await access.HostAsync(cancellationToken).ConfigureAwait(false);
        await ReadFreshness.WaitUntilFreshAsync(host, asked, "list", cancellationToken).ConfigureAwait(false);
        using var view = await TakeViewAsync(host, cancellationToken).ConfigureAwait(false);
        var cursor = new ReadViewCursor(view, new KeyInterval(first, KeyInterval.PastPrefix(prefix)), [], keysOnly: true);
        var page = new List<ReadViewRecord>();
        byte[] group = [];
        while (cursor.Next(int.MaxValue, page))
        {
            foreach (var (key, _, _) in page)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (group.Length > 0 && key.AsSpan().StartsWith(group))
                    continue;
                var end = key.AsSpan(prefix.Length).IndexOf(delimiter);
                group = end < 0 ? [] : key[..(prefix.Length + end + 1)];
                yield return new KvChild { Name = Encoding.UTF8.GetString(end < 0 ? key : group), IsGroup = end >= 0 };
            }
            // Skips the rest of a group without reading its keys.
            if (group.Length > 0 && page.Count > 0 && page[^1].Key.AsSpan().StartsWith(group))
                cursor.Skip(KeyInterval.PastPrefix(group));
        }
    }

    private static KvScanPage ReadPage(
        LocalReplica host, ReadViewCursor cursor, ReadView view, KvScanOptions asked, CancellationToken cancellationToken)
    {
        var most = asked.Limit == 0 ? DefaultPageEntries : asked.Limit;
        var entries = new List<KvEntry>();
        var page = new List<ReadViewRecord>();
        var bytes = 0L;
        // One more than is returned: it tells whether there is a next page.
        while (cursor.Next((int)Math.Min(int.MaxValue, most - entries.Count + 1L), page))
        {
            foreach (var record in page)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (entries.Count == most || bytes > MaxPageBytes)
                    return new KvScanPage { Entries = entries, Version = new KvVersion(view.Version), Next = entries[^1].Key };
                entries.Add(Entry(host, record));
                bytes += record.Key.Length + (record.Value?.Length ?? 0);
            }
        }
        return new KvScanPage { Entries = entries, Version = new KvVersion(view.Version) };
    }

    /// <summary>Returns the read view of the version that a scan continues with, or a new one that is as fresh as asked for.</summary>
    private async ValueTask<ReadView> TakeViewAsync(LocalReplica host, KvScanOptions asked, CancellationToken cancellationToken)
    {
        var version = asked.AtVersion.Value;
        if (version == 0)
        {
            var fresh = new KvReadOptions
            {
                Consistency = asked.Consistency,
                MinVersion = asked.MinVersion,
                MaxAge = asked.MaxAge,
                StaleWithoutLeader = asked.StaleWithoutLeader,
            };
            await ReadFreshness.WaitUntilFreshAsync(host, fresh, "scan", cancellationToken).ConfigureAwait(false);
            return await TakeViewAsync(host, cancellationToken).ConfigureAwait(false);
        }
        if (host.Applier.Changes.Views.TryTakeAgain(version) is { } again)
            return again;
        if (host.Applier.AppliedIndex < version)
            await host.WaitAppliedAsync(version, cancellationToken).ConfigureAwait(false);
        var view = await TakeViewAsync(host, cancellationToken).ConfigureAwait(false);
        if (view.Version == version)
            return view;
        view.Release();
        throw RaftKvCompactedException.OfScan(version, view.Version);
    }

    private Task<ReadView> TakeViewAsync(LocalReplica host, CancellationToken cancellationToken) =>
        AppliedState.RunAsync(host, options.RequestTimeout, state => host.Applier.Changes.Views.Take(state.Store, state.Applied.Index),
            static view => view.Release(), cancellationToken);

    private static KvEntry Entry(LocalReplica host, in ReadViewRecord record) => new()
    {
        Key = Encoding.UTF8.GetString(record.Key),
        Value = record.Value,
        Version = new KvVersion(record.Header.Version),
        ExpiresAt = KvGetResult.Time(host.Replica.ToWallTime(record.Header.ExpiresAtMs)),
    };

    private static void Check(KvScanOptions scanOptions)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(scanOptions.Limit);
        ArgumentOutOfRangeException.ThrowIfNegative(scanOptions.AtVersion.Value);
        ArgumentOutOfRangeException.ThrowIfNegative(scanOptions.MinVersion.Value);
    }
}
