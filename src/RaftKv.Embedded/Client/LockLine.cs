namespace RaftKv.Embedded.Client;

/// <summary>
/// The line before a lock: a key for everyone in it, each bound to a lease; whose key is the oldest has the lock. Everyone waits for the key just before its own, so a release wakes one.
/// </summary>
internal sealed class LockLine(IDistributedKv kv, KvLock mine)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    public static string KeyOf(string name, long lease) => $"{PrefixOf(name)}{lease:D19}";

    public static KvKeyRange RangeOf(string name) => KvKeyRange.StartingWith(PrefixOf(name));

    /// <summary>Until <paramref name="cancellationToken"/> fires, the place in line is lost, or nobody is before us.</summary>
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

    /// <summary>The key just before ours, and the version at which it was found; <c>null</c> when there is none.</summary>
    private async Task<(string Key, KvVersion At)?> FindBeforeAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return await ScanAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (RaftKvException e) when (e.IsTransient || e is RaftKvCompactedException)
            {
                // Nobody leads, or the line was very long. Our place is kept as long as the lease is.
                await Task.Delay(Pause, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async Task<(string Key, KvVersion At)?> ScanAsync(CancellationToken cancellationToken)
    {
        KvEntry? before = null;
        var isThere = false;
        var asked = default(KvScanOptions);
        KvScanPage page;
        do
        {
            page = await kv.ScanPageAsync(RangeOf(mine.Name), asked, cancellationToken).ConfigureAwait(false);
            foreach (var entry in page.Entries)
            {
                isThere |= entry.Key == mine.Key;
                if (entry.Version < mine.FencingToken && (before is not { } last || entry.Version > last.Version))
                    before = entry;
            }
            asked = new KvScanOptions { After = page.Next, AtVersion = page.Version };
        }
        while (page.Next is not null);
        if (!isThere)
            throw Lost();
        return before is { } found ? (found.Key, page.Version) : null;
    }

    private async Task UntilGoneAsync(string key, KvVersion at, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var change in kv.WatchAsync(KvKeyRange.Exactly(key), new KvWatchOptions { FromVersion = new KvVersion(at.Value + 1), KeysOnly = true }, cancellationToken).ConfigureAwait(false))
            {
                if (change.Kind != KvEventKind.Put)
                    return;
            }
        }
        catch (RaftKvCompactedException)
        {
            // This node missed something: look again.
        }
    }

    /// <summary>A name with a slash must not lie below another one.</summary>
    private static string PrefixOf(string name) => $".locks/{name.Replace("%", "%25", StringComparison.Ordinal).Replace("/", "%2F", StringComparison.Ordinal)}/";

    private RaftKvLeaseException Lost() =>
        new(RaftKvLeaseError.NotFound, $"The place in the line for the lock '{mine.Name}' was lost: this process was cut off from the cluster for longer than the lock's time to live. Ask again.");
}
