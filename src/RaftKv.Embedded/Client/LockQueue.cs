using System.Globalization;
using Polly;

namespace RaftKv.Embedded.Client;

/// <summary>
/// The queue for a lock: one key for each caller, bound to a lease. The caller with the oldest key has the lock. Each caller waits for the
/// key before its own to be deleted, so that a release wakes one caller.
/// </summary>
internal sealed class LockQueue(IDistributedKv kv, KvLock mine)
{
    private static readonly ResiliencePipeline Retry =
        TransientRetry.Every(TimeSpan.FromMilliseconds(50), static e => e.IsTransient || e is RaftKvCompactedException);

    public static string KeyOf(string name, long lease) => $"{PrefixOf(name)}{lease:D19}";

    /// <summary>Whether a key is a place in the queue for a lock.</summary>
    public static bool IsPlace(string key) => key.StartsWith(ReservedKeys.LocksPrefix, StringComparison.Ordinal);

    /// <summary>The name of the lock whose places are below this group of keys.</summary>
    public static string NameOf(string group) => LockKeys.Unescape(group[ReservedKeys.LocksPrefix.Length..^1]);

    public static KvKeyRange RangeOf(string name) => KvKeyRange.StartingWith(PrefixOf(name));

    /// <summary>Visits all places in the queue for a lock, as of one version, which is returned.</summary>
    public static async Task<KvVersion> VisitAsync(
        IDistributedKv kv, string name, Action<KvEntry> visit, CancellationToken cancellationToken)
    {
        var asked = default(KvScanOptions);
        while (true)
        {
            var page = await kv.ScanPageAsync(RangeOf(name), asked, cancellationToken).ConfigureAwait(false);
            foreach (var place in page.Entries)
                visit(place);
            if (page.Next is null)
                return page.Version;
            asked = new KvScanOptions { After = page.Next, AtVersion = page.Version };
        }
    }

    /// <summary>
    /// Completes with the first change after a version for which <paramref name="ends"/> returns <c>true</c>. Completes also when this node
    /// does not hold a change any more, so the caller must read the state again.
    /// </summary>
    public static async Task UntilAsync(
        IDistributedKv kv, KvKeyRange range, KvVersion at, Func<KvEvent, bool> ends, CancellationToken cancellationToken)
    {
        var options = new KvWatchOptions { FromVersion = new KvVersion(at.Value + 1), KeysOnly = true };
        try
        {
            await foreach (var change in kv.WatchAsync(range, options, cancellationToken).ConfigureAwait(false))
            {
                if (ends(change))
                    return;
            }
        }
        catch (RaftKvCompactedException)
        {
            // The caller reads the state again.
        }
    }

    /// <summary>The lease that a place in the queue is bound to; 0 when the key was not written by a lock.</summary>
    public static long LeaseOf(string name, string key) =>
        long.TryParse(key.AsSpan(PrefixOf(name).Length), NumberStyles.None, CultureInfo.InvariantCulture, out var lease) ? lease : 0;

    /// <summary>Waits until no other place in the queue is before this one.</summary>
    /// <exception cref="RaftKvLeaseException">The place in the queue was lost.</exception>
    public async Task WaitAsync(CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, mine.LostToken);
        try
        {
            while (await FindBeforeAsync(either.Token).ConfigureAwait(false) is { } before)
                await UntilGoneAsync(before.Key, before.At, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (mine.LostToken.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw Lost();
        }
    }

    /// <summary>The key just before this one in the queue, and the version at which it was found; <c>null</c> when there is none.</summary>
    private async Task<(string Key, KvVersion At)?> FindBeforeAsync(CancellationToken cancellationToken)
    {
        // Retries while there is no leader, and when a scan of a long queue lost its version. The place lasts as long as its lease.
        return await Retry.ExecuteAsync(
            static async (queue, end) => await queue.ScanAsync(end).ConfigureAwait(false), this, cancellationToken).ConfigureAwait(false);
    }

    private async Task<(string Key, KvVersion At)?> ScanAsync(CancellationToken cancellationToken)
    {
        KvEntry? before = null;
        var isThere = false;
        var at = await VisitAsync(kv, mine.Name, place =>
        {
            isThere |= place.Key == mine.Key;
            if (place.Version < mine.FencingToken && (before is not { } last || place.Version > last.Version))
                before = place;
        }, cancellationToken).ConfigureAwait(false);
        if (!isThere)
            throw Lost();
        return before is { } found ? (found.Key, at) : null;
    }

    private Task UntilGoneAsync(string key, KvVersion at, CancellationToken cancellationToken) =>
        UntilAsync(kv, KvKeyRange.Exactly(key), at, static change => change.Kind != KvEventKind.Put, cancellationToken);

    private static string PrefixOf(string name) => $"{ReservedKeys.LocksPrefix}{LockKeys.Escape(name)}/";

    private RaftKvLeaseException Lost() =>
        new(RaftKvLeaseError.NotFound, $"The place in the queue for the lock '{mine.Name}' was lost: this process was cut off from the "
            + "cluster for longer than the lock's time to live. Nothing was locked. Ask again.");
}
